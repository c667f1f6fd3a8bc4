-- One row is one flow on one day and channel, all its messages summed, of today and the 7 days before.
CREATE OR REPLACE VIEW ai_flow_recent
(
    klaviyo_public_id String
        COMMENT 'Klaviyo account (public id) that this row belongs to',
    date Date
        COMMENT 'Calendar day that the numbers belong to, today is incomplete',
    flow_id String
        COMMENT 'Klaviyo id of the flow',
    flow_name String
        COMMENT 'Newest name of the flow, empty if Klaviyo gave none',
    send_channel String
        COMMENT 'Channel of the messages as Klaviyo names it: email, sms, push-notification and others',
    recipients UInt32
        COMMENT 'Messages sent out on this day, bounced ones included',
    open_rate_pct Float64
        COMMENT 'Unique opens / delivered, in percent (18.5 = 18.5%), can exceed 100, 0 if none delivered',
    click_rate_pct Float64
        COMMENT 'Unique clicks / delivered, in percent (18.5 = 18.5%), 0 if none delivered',
    conversion_rate_pct Float64
        COMMENT 'People who converted / delivered, in percent (18.5 = 18.5%), 0 if none delivered',
    revenue Float64
        COMMENT 'Revenue credited to the flow on this day, in the account''s own currency',
    wow_revenue_change_pct Float32
        COMMENT '7-day revenue of this flow and channel vs the 7 before, in percent (18.0 = +18%), 0 if unknown',
    vs_account_revenue_pct Float32
        COMMENT 'Revenue of this row vs its messages x the 90-day mean, in percent (18.0 = +18%), 0 if no baseline',
    day_name String
        COMMENT 'Weekday in English: Monday to Sunday',
    is_weekend UInt8
        COMMENT '1 = Saturday or Sunday, 0 = Monday to Friday',
    performance_label String
        COMMENT '7-day rate of the flow vs your average, Excellent to Needs Attention, or Not Enough Data',
    data_freshness DateTime
        COMMENT 'When the newest of the account''s rows in this view was computed, by the server clock'
)
AS
-- All messages of a flow share its name, trend, label and benchmark: max takes the shared value, the same on every run.
WITH
    -- Whole millionths add up to the same total in any order.
    sum(toInt128(round(ifNotFinite(message.conversion_value, 0) * 1000000))) / 1000000 AS flow_revenue,
    max(message.account_avg_revenue) * count() AS expected_revenue
SELECT
    message.klaviyo_public_id AS klaviyo_public_id,
    message.date AS date,
    message.flow_id AS flow_id,
    max(message.flow_name) AS flow_name,
    message.send_channel AS send_channel,
    toUInt32(least(sum(message.recipients), 4294967295)) AS recipients,
    ifNotFinite(round(100 * sum(message.opens_unique) / sum(message.delivered), 2), 0) AS open_rate_pct,
    ifNotFinite(round(100 * sum(message.clicks_unique) / sum(message.delivered), 2), 0) AS click_rate_pct,
    ifNotFinite(round(100 * sum(message.conversion_uniques) / sum(message.delivered), 2), 0) AS conversion_rate_pct,
    round(flow_revenue, 2) AS revenue,
    toFloat32(ifNotFinite(round(toFloat64(max(message.wow_revenue_change_pct)), 2), 0)) AS wow_revenue_change_pct,
    toFloat32(ifNotFinite(round(100 * (flow_revenue / expected_revenue - 1), 2), 0)) AS vs_account_revenue_pct,
    max(message.day_name) AS day_name,
    max(message.is_weekend) AS is_weekend,
    max(message.performance_label) AS performance_label,
    max(max(message.updated_at)) OVER (PARTITION BY message.klaviyo_public_id) AS data_freshness
FROM flow_ai_summary AS message FINAL
WHERE message.date >= toDate(now(serverTimezone())) - 7
GROUP BY
    message.klaviyo_public_id,
    message.date,
    message.flow_id,
    message.send_channel
COMMENT 'One row is one flow on one day and channel, all its messages, of today and the 7 days before.'
