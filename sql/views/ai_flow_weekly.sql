-- One row is one flow in one week and channel, of the four full weeks before the current one.
CREATE OR REPLACE VIEW ai_flow_weekly
(
    klaviyo_public_id String
        COMMENT 'Klaviyo account (public id) that this row belongs to',
    week_start_date Date
        COMMENT 'Monday that the week starts on',
    flow_id String
        COMMENT 'Klaviyo id of the flow',
    flow_name String
        COMMENT 'Newest name of the flow in the week, empty if Klaviyo gave none',
    send_channel String
        COMMENT 'Channel of the messages as Klaviyo names it: email, sms, push-notification and others',
    total_recipients UInt32
        COMMENT 'Messages sent out in the week, bounced ones included',
    total_revenue Float64
        COMMENT 'Revenue credited to the flow in the week, in the account''s own currency',
    avg_open_rate_pct Float64
        COMMENT 'Unique opens / delivered, in percent (18.5 = 18.5%), a person counts once per day, 0 if none',
    avg_click_rate_pct Float64
        COMMENT 'Unique clicks / delivered, in percent (18.5 = 18.5%), a person counts once per day, 0 if none',
    active_days UInt8
        COMMENT 'Days of the week on which the flow had recipients, 0 to 7',
    best_day_date Date
        COMMENT 'Day of the week with the most revenue, the earliest of equals',
    best_day_revenue Float64
        COMMENT 'Revenue on best_day_date, in the account''s own currency',
    wow_revenue_change_pct Float32
        COMMENT 'Revenue of this flow and channel vs the week before, in percent (18.0 = +18%), 0 if unknown'
)
AS
SELECT
    rollup.klaviyo_public_id AS klaviyo_public_id,
    rollup.week_start_date AS week_start_date,
    rollup.flow_id AS flow_id,
    rollup.flow_name AS flow_name,
    rollup.send_channel AS send_channel,
    rollup.total_recipients AS total_recipients,
    ifNotFinite(round(rollup.total_revenue, 2), 0) AS total_revenue,
    ifNotFinite(round(100 * toFloat64(rollup.avg_open_rate), 2), 0) AS avg_open_rate_pct,
    ifNotFinite(round(100 * toFloat64(rollup.avg_click_rate), 2), 0) AS avg_click_rate_pct,
    rollup.active_days AS active_days,
    rollup.best_day_date AS best_day_date,
    ifNotFinite(round(rollup.best_day_revenue, 2), 0) AS best_day_revenue,
    toFloat32(ifNotFinite(round(toFloat64(rollup.wow_revenue_change_pct), 2), 0)) AS wow_revenue_change_pct
FROM flow_weekly_rollup AS rollup FINAL
WHERE rollup.week_start_date >= toMonday(toDate(now(serverTimezone()))) - 28
    AND rollup.week_start_date < toMonday(toDate(now(serverTimezone())))
COMMENT 'One row is one flow in one week and channel, of the four full weeks before the current one.'
