-- One row is one campaign, or one flow with all its messages, on one day and channel, of today and the 30 days before.
CREATE OR REPLACE VIEW ai_best_performers
(
    klaviyo_public_id String
        COMMENT 'Klaviyo account (public id) that this row belongs to',
    type String
        COMMENT 'Whether the row speaks of campaigns or of flows: campaign or flow',
    name String
        COMMENT 'Name of the campaign or flow, empty if Klaviyo gave none',
    send_channel String
        COMMENT 'Channel of the messages as Klaviyo names it: email, sms, push-notification and others',
    date Date
        COMMENT 'Calendar day that the numbers belong to, today is incomplete',
    revenue Float64
        COMMENT 'Revenue credited on this day, in the account''s own currency',
    open_rate_pct Float64
        COMMENT 'Unique opens / delivered, in percent (18.5 = 18.5%), can exceed 100, 0 if none delivered',
    click_rate_pct Float64
        COMMENT 'Unique clicks / delivered, in percent (18.5 = 18.5%), 0 if none delivered',
    recipients UInt32
        COMMENT 'Messages sent out on this day, bounced ones included',
    performance_label String
        COMMENT 'Rate vs your average: Excellent, Good, Average, Needs Attention or Not Enough Data'
)
AS
SELECT
    campaign.klaviyo_public_id AS klaviyo_public_id,
    'campaign' AS type,
    campaign.campaign_name AS name,
    campaign.send_channel AS send_channel,
    campaign.date AS date,
    ifNotFinite(round(campaign.conversion_value, 2), 0) AS revenue,
    ifNotFinite(round(100 * toFloat64(campaign.open_rate), 2), 0) AS open_rate_pct,
    ifNotFinite(round(100 * toFloat64(campaign.click_rate), 2), 0) AS click_rate_pct,
    campaign.recipients AS recipients,
    campaign.performance_label AS performance_label
FROM campaign_ai_summary AS campaign FINAL
WHERE campaign.date >= toDate(now(serverTimezone())) - 30
UNION ALL
-- All messages of a flow share its name and label: max takes the shared value, the same on every run.
SELECT
    flow.klaviyo_public_id AS klaviyo_public_id,
    'flow' AS type,
    max(flow.flow_name) AS name,
    flow.send_channel AS send_channel,
    flow.date AS date,
    -- Whole millionths add up to the same total in any order.
    round(sum(toInt128(round(ifNotFinite(flow.conversion_value, 0) * 1000000))) / 1000000, 2) AS revenue,
    ifNotFinite(round(100 * sum(flow.opens_unique) / sum(flow.delivered), 2), 0) AS open_rate_pct,
    ifNotFinite(round(100 * sum(flow.clicks_unique) / sum(flow.delivered), 2), 0) AS click_rate_pct,
    toUInt32(least(sum(flow.recipients), 4294967295)) AS recipients,
    max(flow.performance_label) AS performance_label
FROM flow_ai_summary AS flow FINAL
WHERE flow.date >= toDate(now(serverTimezone())) - 30
GROUP BY
    flow.klaviyo_public_id,
    flow.date,
    flow.flow_id,
    flow.send_channel
COMMENT 'One row is one campaign or flow on one day and channel, of today and the 30 days before: sort by revenue.'
