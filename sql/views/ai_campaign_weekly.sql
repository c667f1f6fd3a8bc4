-- One row is one campaign in one week and channel, of the four full weeks before the current one.
CREATE OR REPLACE VIEW ai_campaign_weekly
(
    klaviyo_public_id String
        COMMENT 'Klaviyo account (public id) that this row belongs to',
    week_start_date Date
        COMMENT 'Monday that the week starts on',
    campaign_id String
        COMMENT 'Klaviyo id of the campaign',
    campaign_name String
        COMMENT 'Newest name of the campaign in the week, empty if Klaviyo gave none',
    send_channel String
        COMMENT 'Channel of the messages as Klaviyo names it: email, sms, push-notification and others',
    total_recipients UInt32
        COMMENT 'Messages sent out in the week, bounced ones included',
    total_revenue Float64
        COMMENT 'Revenue credited to the campaign in the week, in the account''s own currency',
    avg_open_rate_pct Float64
        COMMENT 'Unique opens / delivered, in percent (18.5 = 18.5%), a person counts once per day, 0 if none',
    avg_click_rate_pct Float64
        COMMENT 'Unique clicks / delivered, in percent (18.5 = 18.5%), a person counts once per day, 0 if none',
    campaigns_sent UInt16
        COMMENT 'Sends in the week: days x messages of this campaign that had recipients',
    best_day_date Date
        COMMENT 'Day of the week with the most revenue, the earliest of equals',
    best_day_revenue Float64
        COMMENT 'Revenue on best_day_date, in the account''s own currency',
    wow_revenue_change_pct Float32
        COMMENT 'Revenue of all campaigns of this channel vs the week before, in percent (18.0 = +18%), 0 if unknown'
)
AS
SELECT
    rollup.klaviyo_public_id AS klaviyo_public_id,
    rollup.week_start_date AS week_start_date,
    rollup.campaign_id AS campaign_id,
    rollup.campaign_name AS campaign_name,
    rollup.send_channel AS send_channel,
    rollup.total_recipients AS total_recipients,
    ifNotFinite(round(rollup.total_revenue, 2), 0) AS total_revenue,
    ifNotFinite(round(100 * toFloat64(rollup.avg_open_rate), 2), 0) AS avg_open_rate_pct,
    ifNotFinite(round(100 * toFloat64(rollup.avg_click_rate), 2), 0) AS avg_click_rate_pct,
    rollup.campaigns_sent AS campaigns_sent,
    rollup.best_day_date AS best_day_date,
    ifNotFinite(round(rollup.best_day_revenue, 2), 0) AS best_day_revenue,
    toFloat32(ifNotFinite(round(toFloat64(rollup.wow_revenue_change_pct), 2), 0)) AS wow_revenue_change_pct
FROM campaign_weekly_rollup AS rollup FINAL
WHERE rollup.week_start_date >= toMonday(toDate(now(serverTimezone()))) - 28
    AND rollup.week_start_date < toMonday(toDate(now(serverTimezone())))
COMMENT 'One row is one campaign in one week and channel, of the four full weeks before the current one.'
