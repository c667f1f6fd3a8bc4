-- One row is what one run of a forecasting model was made with, and how good it was on the days before
CREATE TABLE IF NOT EXISTS ai_model_registry
(
    run_id String
        COMMENT 'Id of the run, as in ai_refresh_log',
    model LowCardinality(String)
        COMMENT 'Name of the model, as ai_revenue_forecast has it',
    method String
        COMMENT 'How it works, in a sentence',
    parameters String
        COMMENT 'Its parameters, as JSON',
    aiviews_version LowCardinality(String)
        COMMENT 'Version of aiviews that ran',
    made_on Date
        COMMENT 'Day on which its forecasts were made',
    trained_to Date
        COMMENT 'Last day whose revenue they stand on, of the account that is farthest',
    accounts UInt32
        COMMENT 'Accounts with a forecast',
    accounts_without UInt32
        COMMENT 'Accounts without one: ai_revenue_landing says why',
    backtest_mase Nullable(Float64)
        COMMENT 'Median over accounts: error of 28 days / error of last week''s weekday, repeated',
    backtest_total_error_pct Nullable(Float64)
        COMMENT 'Median over accounts: error of the sum of 28 days, in percent (7.5 = 7.5%)',
    backtest_coverage_pct Nullable(Float64)
        COMMENT 'Mean over accounts: share of days within the 80% band in the backtest, in percent (80.0 = 80%)',
    duration_ms UInt64
        COMMENT 'Milliseconds that the forecasts of the run took',
    made_at DateTime
        COMMENT 'When the run started, by the server clock'
)
ENGINE = MergeTree()
PARTITION BY toYYYYMM(made_at)
ORDER BY (made_at, model)
TTL made_at + INTERVAL 400 DAY
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1
COMMENT 'One row is one run of a forecasting model: method, parameters, backtest. Kept for 400 days.'
