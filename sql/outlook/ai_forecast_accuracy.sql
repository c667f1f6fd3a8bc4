-- One row is one past forecast of one day against what came
CREATE TABLE IF NOT EXISTS ai_forecast_accuracy
(
    klaviyo_public_id String
        COMMENT 'Klaviyo account (public id) that this row belongs to',
    send_channel String
        COMMENT 'Channel as Klaviyo names it, or all: the whole account',
    made_on Date
        COMMENT 'Day on which the forecast was made',
    for_date Date
        COMMENT 'Day whose revenue was expected, final by now',
    horizon UInt8
        COMMENT 'Days from the last complete day to for_date: 1 to 28',
    expected Float64
        COMMENT 'Revenue that was expected, in the account''s own currency',
    actual Float64
        COMMENT 'Revenue that came, in the account''s own currency',
    error Float64
        COMMENT 'Size of the difference between the two, in the account''s own currency',
    bias Float64
        COMMENT 'expected - actual: above 0 if the forecast was too high, in the account''s own currency',
    covered_80 UInt8
        COMMENT '1 if the revenue lay within the 80% band',
    covered_95 UInt8
        COMMENT '1 if the revenue lay within the 95% band',
    naive Float64
        COMMENT 'What last week''s weekday, repeated, would have said: the yardstick, in the account''s own currency',
    naive_error Float64
        COMMENT 'Size of the difference between naive and actual, in the account''s own currency',
    model LowCardinality(String)
        COMMENT 'Model that made the forecast, as ai_model_registry has it',
    updated_at DateTime
        COMMENT 'When the comparison was made, by the server clock: of the rows of one key the newest counts'
)
ENGINE = ReplacingMergeTree(updated_at)
PARTITION BY toYYYYMM(for_date)
ORDER BY (klaviyo_public_id, send_channel, for_date, made_on)
TTL updated_at + INTERVAL 400 DAY
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1
COMMENT 'One row is one past forecast of a day against what came. Kept for 400 days.'
