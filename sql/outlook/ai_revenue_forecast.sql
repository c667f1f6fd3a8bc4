-- One row is the revenue of one day to come, of one channel or the whole account, as one run expected it
CREATE TABLE IF NOT EXISTS ai_revenue_forecast
(
    klaviyo_public_id String
        COMMENT 'Klaviyo account (public id) that this row belongs to',
    send_channel String
        COMMENT 'Channel as Klaviyo names it, or all: the whole account. The channels add up to it',
    made_on Date
        COMMENT 'Day on which the forecast was made: what came in on that day or later was not known',
    for_date Date
        COMMENT 'Day whose revenue is expected',
    horizon UInt8
        COMMENT 'Days from the last complete day to for_date: 1 to 28',
    expected Float64
        COMMENT 'Expected revenue of the day, in the account''s own currency',
    lower_80 Float64
        COMMENT 'In 8 of 10 cases the revenue lies between lower_80 and upper_80. Never add up bounds of days',
    upper_80 Float64
        COMMENT 'In 8 of 10 cases the revenue lies between lower_80 and upper_80. Never add up bounds of days',
    lower_95 Float64
        COMMENT 'In 19 of 20 cases the revenue lies between lower_95 and upper_95. Never add up bounds of days',
    upper_95 Float64
        COMMENT 'In 19 of 20 cases the revenue lies between lower_95 and upper_95. Never add up bounds of days',
    model LowCardinality(String)
        COMMENT 'Model that made it, as ai_model_registry has it',
    event LowCardinality(String)
        COMMENT 'Event of that day which the history has not seen twice, such as Black Friday, else empty',
    known_on Date
        COMMENT 'Newest day whose news it could know: later than made_on if it was computed afterwards',
    made_at DateTime
        COMMENT 'When the run started that made it, by the server clock: of the rows of one key the newest counts'
)
ENGINE = ReplacingMergeTree(made_at)
PARTITION BY toYYYYMM(made_on)
ORDER BY (klaviyo_public_id, made_on, send_channel, for_date)
TTL made_at + INTERVAL 400 DAY
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1
COMMENT 'One row is the expected revenue of one day of one channel or of all, as one run saw it. Kept for 400 days.'
