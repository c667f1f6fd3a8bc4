-- One row is one campaign on one day and channel, of today and the 7 days before.
CREATE OR REPLACE VIEW ai_campaign_recent
(
    klaviyo_public_id String
        COMMENT 'Klaviyo account (public id) that this row belongs to',
    date Date
        COMMENT 'Calendar day that the numbers belong to, today is incomplete',
    campaign_id String
        COMMENT 'Klaviyo id of the campaign',
    campaign_name String
        COMMENT 'Newest name of the campaign, empty if Klaviyo gave none',
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
        COMMENT 'Revenue credited to the campaign on this day, in the account''s own currency',
    wow_revenue_change_pct Float32
        COMMENT '7-day revenue of this channel''s campaigns vs the 7 before, in percent (18.0 = +18%), 0 if unknown',
    vs_account_revenue_pct Float32
        COMMENT 'Revenue of this row vs the mean campaign row of 90 days, in percent (18.0 = +18%), 0 if no baseline',
    day_name String
        COMMENT 'Weekday in English: Monday to Sunday',
    is_weekend UInt8
        COMMENT '1 = Saturday or Sunday, 0 = Monday to Friday',
    performance_label String
        COMMENT 'Rate vs your average: Excellent, Good, Average, Needs Attention or Not Enough Data',
    data_freshness DateTime
        COMMENT 'When the newest of the account''s rows in this view was computed, by the server clock'
)
AS
SELECT
    summary.klaviyo_public_id AS klaviyo_public_id,
    summary.date AS date,
    summary.campaign_id AS campaign_id,
    summary.campaign_name AS campaign_name,
    summary.send_channel AS send_channel,
    summary.recipients AS recipients,
    ifNotFinite(round(100 * toFloat64(summary.open_rate), 2), 0) AS open_rate_pct,
    ifNotFinite(round(100 * toFloat64(summary.click_rate), 2), 0) AS click_rate_pct,
    ifNotFinite(round(100 * toFloat64(summary.conversion_rate), 2), 0) AS conversion_rate_pct,
    ifNotFinite(round(summary.conversion_value, 2), 0) AS revenue,
    toFloat32(ifNotFinite(round(toFloat64(summary.wow_revenue_change_pct), 2), 0)) AS wow_revenue_change_pct,
    toFloat32(ifNotFinite(round(toFloat64(summary.vs_account_revenue_pct), 2), 0)) AS vs_account_revenue_pct,
    summary.day_name AS day_name,
    summary.is_weekend AS is_weekend,
    summary.performance_label AS performance_label,
    max(summary.updated_at) OVER (PARTITION BY summary.klaviyo_public_id) AS data_freshness
FROM campaign_ai_summary AS summary FINAL
WHERE summary.date >= toDate(now(serverTimezone())) - 7
COMMENT 'One row is one campaign on one day and channel, of today and the 7 days before. Money: account currency.'
