-- One row is one channel on one day: campaigns and flows together.
CREATE TABLE IF NOT EXISTS channel_performance_daily
(
    klaviyo_public_id String
        COMMENT 'Klaviyo account (public id) that this row belongs to',
    date Date
        COMMENT 'Calendar day that the counts belong to',
    send_channel String
        COMMENT 'Channel of the messages as Klaviyo names it: email, sms, push-notification and others',
    total_campaigns UInt16
        COMMENT 'Different campaigns with recipients on this day',
    total_flows UInt16
        COMMENT 'Different flows with recipients on this day',
    total_sends UInt16
        COMMENT 'Campaign messages and flow messages with recipients on this day (messages, not people)',
    total_recipients UInt32
        COMMENT 'Messages sent out on this day, bounced ones included',
    total_opens UInt32
        COMMENT 'All opens on this day, repeated opens by one person included',
    total_clicks UInt32
        COMMENT 'All clicks on this day, repeated clicks by one person included',
    total_conversions UInt32
        COMMENT 'Conversions credited on this day, repeats by one person included',
    total_revenue Float64
        COMMENT 'Revenue credited to campaigns and flows on this day, in the account''s own currency',
    avg_open_rate Float32
        COMMENT 'Unique opens / delivered, a fraction (0.18 = 18%), 0 when nothing was delivered',
    avg_click_rate Float32
        COMMENT 'Unique clicks / delivered, a fraction (0.18 = 18%), 0 when nothing was delivered',
    avg_conversion_rate Float32
        COMMENT 'People who converted / delivered, a fraction (0.18 = 18%), 0 when nothing was delivered',
    revenue_per_recipient Float32
        COMMENT 'Revenue / delivered messages, in the account''s own currency, 0 when nothing was delivered',
    revenue_rank UInt8
        COMMENT 'Place of the channel by revenue on this day within the account, 1 = most revenue',
    engagement_rank UInt8
        COMMENT 'Place of the channel by click rate on this day within the account, 1 = highest',
    pct_of_total_revenue Float32
        COMMENT 'Share of the account''s revenue of this day, in percent (40.0 = 40%), 0 if there was none',
    pct_of_total_sends Float32
        COMMENT 'Share of the account''s sends of this day, in percent (40.0 = 40%), 0 if there were none',
    updated_at DateTime
        COMMENT 'When this row was computed, by the server clock, the same on all rows of one refresh',
    total_delivered UInt32 DEFAULT total_recipients
        COMMENT 'Messages delivered on this day, estimated before adoption (total_recipients)',
    total_opens_unique UInt32
        DEFAULT accurateCastOrDefault(
            least(ifNotFinite(round(avg_open_rate * total_recipients), 0), 4294967295),
            'UInt32'
        )
        COMMENT 'Unique opens, once per message and day, estimated before adoption (rate x recipients)',
    total_clicks_unique UInt32
        DEFAULT accurateCastOrDefault(
            least(ifNotFinite(round(avg_click_rate * total_recipients), 0), 4294967295),
            'UInt32'
        )
        COMMENT 'Unique clicks, once per message and day, estimated before adoption (rate x recipients)',
    total_conversion_uniques UInt32
        DEFAULT accurateCastOrDefault(
            least(ifNotFinite(round(avg_conversion_rate * total_recipients), 0), 4294967295),
            'UInt32'
        )
        COMMENT 'People who converted, once per message and day, estimated before adoption (rate x recipients)'
)
ENGINE = ReplacingMergeTree(updated_at)
PARTITION BY klaviyo_public_id
ORDER BY (klaviyo_public_id, date, send_channel)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1
COMMENT 'One row is one channel of an account on one day, campaigns and flows together. Today is incomplete.'
