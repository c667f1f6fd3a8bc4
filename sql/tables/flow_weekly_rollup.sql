-- One row is one flow in one week (Monday to Sunday) and one channel, all its messages summed.
CREATE TABLE IF NOT EXISTS flow_weekly_rollup
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
    total_opens UInt32
        COMMENT 'All opens in the week, repeated opens by one person included',
    total_clicks UInt32
        COMMENT 'All clicks in the week, repeated clicks by one person included',
    total_conversions UInt32
        COMMENT 'Conversions credited to this flow in the week, repeats included',
    total_revenue Float64
        COMMENT 'Revenue credited to this flow in the week, in the account''s own currency',
    avg_open_rate Float32
        COMMENT 'Unique opens / delivered in the week, a fraction (0.18 = 18%), a person once per day, 0 if none',
    avg_click_rate Float32
        COMMENT 'Unique clicks / delivered in the week, a fraction (0.18 = 18%), a person once per day, 0 if none',
    avg_conversion_rate Float32
        COMMENT 'Converted people / delivered in the week, a fraction (0.18 = 18%), a person once per day, 0 if none',
    active_days UInt8
        COMMENT 'Days of the week on which the flow had recipients, 0 to 7',
    best_day_date Date
        COMMENT 'Day of the week with the most revenue, the earliest of equals',
    best_day_revenue Float64
        COMMENT 'Revenue on best_day_date, in the account''s own currency',
    wow_revenue_change_pct Float32
        COMMENT 'Revenue of this flow and channel vs the week before, in percent (18.0 = +18%), 0 if unknown',
    wow_open_rate_change_pct Float32
        COMMENT 'Open rate of this flow and channel vs the week before, in percent (18.0 = +18%), 0 if unknown',
    updated_at DateTime
        COMMENT 'When this row was computed, by the server clock, the same on all rows of one refresh',
    total_delivered UInt32 DEFAULT total_recipients
        COMMENT 'Messages delivered in the week, estimated before adoption (total_recipients)',
    total_opens_unique UInt32
        DEFAULT accurateCastOrDefault(
            least(ifNotFinite(round(avg_open_rate * total_recipients), 0), 4294967295),
            'UInt32'
        )
        COMMENT 'Unique opens, a person counts once per day, estimated before adoption (avg_open_rate x recipients)',
    total_clicks_unique UInt32
        DEFAULT accurateCastOrDefault(
            least(ifNotFinite(round(avg_click_rate * total_recipients), 0), 4294967295),
            'UInt32'
        )
        COMMENT 'Unique clicks, a person counts once per day, estimated before adoption (avg_click_rate x recipients)',
    total_conversion_uniques UInt32
        DEFAULT accurateCastOrDefault(
            least(ifNotFinite(round(avg_conversion_rate * total_recipients), 0), 4294967295),
            'UInt32'
        )
        COMMENT 'People who converted, once per day, estimated before adoption (rate x recipients)',
    has_prior_week UInt8
        COMMENT '1 = delivered in the week before (same weekdays), 0 = no baseline, so a wow of 0 means unknown',
    revenue_prior_week Float64
        COMMENT 'Revenue of the week before (same weekdays) behind the wow columns, in the account''s own currency'
)
ENGINE = ReplacingMergeTree(updated_at)
PARTITION BY klaviyo_public_id
ORDER BY (klaviyo_public_id, week_start_date, flow_id, send_channel)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1
COMMENT 'One row is one flow in one week and channel, all its messages. The current week is unfinished.'
