-- One row is what one day that still grew had earned when a run looked at it
CREATE TABLE IF NOT EXISTS ai_revenue_vintage
(
    klaviyo_public_id String
        COMMENT 'Klaviyo account (public id) that this row belongs to',
    send_channel String
        COMMENT 'Channel of the messages as Klaviyo names it',
    for_date Date
        COMMENT 'Day whose revenue was looked at',
    seen_on Date
        COMMENT 'Day on which a run looked at it, at most 7 days later',
    revenue Float64
        COMMENT 'Revenue credited to for_date until then, in the account''s own currency. It grows for 7 days',
    made_at DateTime
        COMMENT 'When that run started, by the server clock: of the rows of one key the newest counts'
)
ENGINE = ReplacingMergeTree(made_at)
PARTITION BY toYYYYMM(seen_on)
ORDER BY (klaviyo_public_id, for_date, seen_on, send_channel)
TTL made_at + INTERVAL 400 DAY
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1
COMMENT 'One row is the revenue of a young day as a run saw it: how much such days grow. Kept for 400 days.'
