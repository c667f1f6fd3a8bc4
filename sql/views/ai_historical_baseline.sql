-- One row is one month of the campaigns, or of the flows, of an account on one channel.
CREATE OR REPLACE VIEW ai_historical_baseline
(
    klaviyo_public_id String
        COMMENT 'Klaviyo account (public id) that this row belongs to',
    month Date
        COMMENT 'First day of the month, the current month is unfinished',
    source_type String
        COMMENT 'Whether the row speaks of campaigns or of flows: campaign or flow',
    send_channel String
        COMMENT 'Channel of the messages as Klaviyo names it: email, sms, push-notification and others',
    total_sends UInt64
        COMMENT 'Campaigns, or flow messages on a day, that had recipients (not people)',
    total_recipients UInt64
        COMMENT 'Messages sent out in the month, bounced ones included',
    total_revenue Float64
        COMMENT 'Revenue credited in the month, in the account''s own currency',
    avg_open_rate_pct Float64
        COMMENT 'Unique opens / delivered of the month, in percent (18.5 = 18.5%), a person once per message and day',
    avg_click_rate_pct Float64
        COMMENT 'Unique clicks / delivered of the month, in percent (18.5 = 18.5%), a person once per message and day',
    min_open_rate_pct Float64
        COMMENT 'Lowest open rate of a send with at least 50 delivered, in percent (18.5 = 18.5%), 0 if there is none',
    max_open_rate_pct Float64
        COMMENT 'Highest open rate of a send with at least 50 delivered, in percent (18.5 = 18.5%), 0 if there is none'
)
AS
WITH
    -- The rows of both summary tables, reduced to what they have in common.
    daily_rows AS
    (
        SELECT
            campaign.klaviyo_public_id AS account,
            campaign.date AS day,
            'campaign' AS kind,
            campaign.campaign_id AS id,
            campaign.send_channel AS channel,
            campaign.recipients AS sent,
            campaign.delivered AS reached,
            campaign.opens_unique AS openers,
            campaign.clicks_unique AS clickers,
            campaign.conversion_value AS value
        FROM campaign_ai_summary AS campaign FINAL
        UNION ALL
        SELECT
            flow.klaviyo_public_id AS account,
            flow.date AS day,
            'flow' AS kind,
            flow.flow_id AS id,
            flow.send_channel AS channel,
            flow.recipients AS sent,
            flow.delivered AS reached,
            flow.opens_unique AS openers,
            flow.clicks_unique AS clickers,
            flow.conversion_value AS value
        FROM flow_ai_summary AS flow FINAL
    )
SELECT
    daily_rows.account AS klaviyo_public_id,
    toStartOfMonth(daily_rows.day) AS month,
    daily_rows.kind AS source_type,
    daily_rows.channel AS send_channel,
    -- A campaign of several days is one send.
    if(daily_rows.kind = 'campaign', uniqExactIf(daily_rows.id, daily_rows.sent > 0), countIf(daily_rows.sent > 0))
        AS total_sends,
    sum(daily_rows.sent) AS total_recipients,
    -- Whole millionths add up to the same total in any order.
    round(sum(toInt128(round(ifNotFinite(daily_rows.value, 0) * 1000000))) / 1000000, 2) AS total_revenue,
    ifNotFinite(round(100 * sum(daily_rows.openers) / sum(daily_rows.reached), 2), 0) AS avg_open_rate_pct,
    ifNotFinite(round(100 * sum(daily_rows.clickers) / sum(daily_rows.reached), 2), 0) AS avg_click_rate_pct,
    -- Fewer than 50 delivered say too little about a rate. 0 where there is none, whatever the settings.
    round(100 * ifNull(minOrDefaultIf(daily_rows.openers / daily_rows.reached, daily_rows.reached >= 50), 0), 2)
        AS min_open_rate_pct,
    round(100 * ifNull(maxOrDefaultIf(daily_rows.openers / daily_rows.reached, daily_rows.reached >= 50), 0), 2)
        AS max_open_rate_pct
FROM daily_rows
GROUP BY
    daily_rows.account,
    toStartOfMonth(daily_rows.day),
    daily_rows.kind,
    daily_rows.channel
COMMENT 'One row is one month of an account''s campaigns, or of its flows, on one channel. All months are kept.'
