-- Adds to channel_performance_daily, as production has it, the columns that stand after the contract's last one.
ALTER TABLE channel_performance_daily
    ADD COLUMN IF NOT EXISTS total_delivered UInt32 DEFAULT total_recipients
        COMMENT 'Messages delivered on this day, estimated before adoption (total_recipients)'
        AFTER updated_at,
    ADD COLUMN IF NOT EXISTS total_opens_unique UInt32
        DEFAULT accurateCastOrDefault(
            least(ifNotFinite(round(avg_open_rate * total_recipients), 0), 4294967295),
            'UInt32'
        )
        COMMENT 'Unique opens, once per message and day, estimated before adoption (rate x recipients)'
        AFTER total_delivered,
    ADD COLUMN IF NOT EXISTS total_clicks_unique UInt32
        DEFAULT accurateCastOrDefault(
            least(ifNotFinite(round(avg_click_rate * total_recipients), 0), 4294967295),
            'UInt32'
        )
        COMMENT 'Unique clicks, once per message and day, estimated before adoption (rate x recipients)'
        AFTER total_opens_unique,
    ADD COLUMN IF NOT EXISTS total_conversion_uniques UInt32
        DEFAULT accurateCastOrDefault(
            least(ifNotFinite(round(avg_conversion_rate * total_recipients), 0), 4294967295),
            'UInt32'
        )
        COMMENT 'People who converted, once per message and day, estimated before adoption (rate x recipients)'
        AFTER total_clicks_unique
