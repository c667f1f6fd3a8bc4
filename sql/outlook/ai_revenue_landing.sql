-- One row is one period to come, of one channel or the whole account, as one run expected it to end
CREATE TABLE IF NOT EXISTS ai_revenue_landing
(
    klaviyo_public_id String
        COMMENT 'Klaviyo account (public id) that this row belongs to',
    send_channel String
        COMMENT 'Channel as Klaviyo names it, or all: the whole account. The channels add up to it',
    made_on Date
        COMMENT 'Day on which the forecast was made: what came in on that day or later was not known',
    period LowCardinality(String)
        COMMENT 'next_7_days, next_28_days, this_month or next_month, counted from the last complete day',
    from_day Date
        COMMENT 'First day of the period',
    to_day Date
        COMMENT 'Last day of the period',
    already_in Float64
        COMMENT 'Revenue of the period that was in when the forecast was made, in the account''s own currency',
    expected Nullable(Float64)
        COMMENT 'Expected revenue of the whole period, in the account''s own currency, null without a forecast',
    lower_80 Nullable(Float64)
        COMMENT 'In 8 of 10 cases the period ends between lower_80 and upper_80, null without a forecast',
    upper_80 Nullable(Float64)
        COMMENT 'In 8 of 10 cases the period ends between lower_80 and upper_80, null without a forecast',
    lower_95 Nullable(Float64)
        COMMENT 'In 19 of 20 cases the period ends between lower_95 and upper_95, null without a forecast',
    upper_95 Nullable(Float64)
        COMMENT 'In 19 of 20 cases the period ends between lower_95 and upper_95, null without a forecast',
    model LowCardinality(String)
        COMMENT 'Model that made it, as ai_model_registry has it',
    event LowCardinality(String)
        COMMENT 'Event in the period which the history has not seen twice: the band is wider for it, else empty',
    reason String
        COMMENT 'Why there is no forecast, or what to know about it, else empty',
    trained_to Date
        COMMENT 'Last day whose revenue the forecast stands on',
    made_at DateTime
        COMMENT 'When the run started that made it, by the server clock: of the rows of one key the newest counts'
)
ENGINE = ReplacingMergeTree(made_at)
PARTITION BY toYYYYMM(made_on)
ORDER BY (klaviyo_public_id, made_on, send_channel, period)
TTL made_at + INTERVAL 400 DAY
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1
COMMENT 'One row is the expected end of one period of one channel or of all, as one run saw it. Kept for 400 days.'
