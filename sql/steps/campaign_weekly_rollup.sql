-- Adds to campaign_weekly_rollup, as production has it, the columns that stand after the contract's last one.
ALTER TABLE campaign_weekly_rollup
    ADD COLUMN IF NOT EXISTS total_delivered UInt32 DEFAULT total_recipients
        COMMENT 'Messages delivered in the week, estimated before adoption (total_recipients)'
        AFTER updated_at,
    ADD COLUMN IF NOT EXISTS total_opens_unique UInt32
        DEFAULT accurateCastOrDefault(
            least(ifNotFinite(round(avg_open_rate * total_recipients), 0), 4294967295),
            'UInt32'
        )
        COMMENT 'Unique opens, a person counts once per day, estimated before adoption (avg_open_rate x recipients)'
        AFTER total_delivered,
    ADD COLUMN IF NOT EXISTS total_clicks_unique UInt32
        DEFAULT accurateCastOrDefault(
            least(ifNotFinite(round(avg_click_rate * total_recipients), 0), 4294967295),
            'UInt32'
        )
        COMMENT 'Unique clicks, a person counts once per day, estimated before adoption (avg_click_rate x recipients)'
        AFTER total_opens_unique,
    ADD COLUMN IF NOT EXISTS total_conversion_uniques UInt32
        DEFAULT accurateCastOrDefault(
            least(ifNotFinite(round(avg_conversion_rate * total_recipients), 0), 4294967295),
            'UInt32'
        )
        COMMENT 'People who converted, once per day, estimated before adoption (rate x recipients)'
        AFTER total_clicks_unique,
    ADD COLUMN IF NOT EXISTS has_prior_week UInt8
        COMMENT '1 = delivered in the week before (same weekdays), 0 = no baseline, so a wow of 0 means unknown'
        AFTER total_conversion_uniques,
    ADD COLUMN IF NOT EXISTS revenue_prior_week Float64
        COMMENT 'Revenue of the week before (same weekdays) behind the wow columns, in the account''s own currency'
        AFTER has_prior_week
