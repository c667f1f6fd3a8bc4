-- One row is one sign-up form on one day.
CREATE TABLE IF NOT EXISTS form_ai_performance
(
    klaviyo_public_id String
        COMMENT 'Klaviyo account (public id) that this row belongs to',
    date Date
        COMMENT 'Calendar day that the counts belong to',
    form_id String
        COMMENT 'Klaviyo id of the sign-up form',
    form_name String
        COMMENT 'Newest name of the form, empty if Klaviyo gave none',
    total_views UInt32
        COMMENT 'Times the form was shown on this day',
    unique_views UInt32
        COMMENT 'People who saw the form on this day, once per day',
    total_submits UInt32
        COMMENT 'Times the form was submitted on this day',
    unique_submits UInt32
        COMMENT 'People who submitted the form on this day, once per day',
    submit_rate Float32
        COMMENT 'Submits / views, a fraction (0.18 = 18%), 0 when there were no views',
    unique_submit_rate Float32
        COMMENT 'People who submitted / people who saw the form, a fraction (0.18 = 18%), 0 when nobody saw it',
    step_views UInt32
        COMMENT 'Times a step of the form was shown on this day',
    step_submits UInt32
        COMMENT 'Times a step of the form was submitted on this day',
    step_completion_rate Float32
        COMMENT 'Step submits / step views, a fraction (0.18 = 18%), 0 when there were no step views',
    ma_7day_submit_rate Float32
        COMMENT 'Submits / views of this form over 7 days to this date, never today, a fraction',
    wow_submit_rate_change_pct Float32
        COMMENT 'Change of that 7-day rate on the 7 days before, in percent (18.0 = +18%), 0 if no baseline',
    account_avg_submit_rate Float32
        COMMENT 'Submits / views of all the account''s forms over 90 days, a fraction, 0 if none',
    vs_account_submit_rate_pct Float32
        COMMENT 'submit_rate of this row against account_avg_submit_rate, in percent (18.0 = +18%), 0 if no baseline',
    is_high_performer UInt8
        COMMENT '1 = performance_label is Excellent, else 0',
    is_low_performer UInt8
        COMMENT '1 = performance_label is Needs Attention, else 0',
    performance_label String
        COMMENT '7-day submit rate vs your average: Excellent, Good, Average, Needs Attention or Not Enough Data',
    updated_at DateTime
        COMMENT 'When this row was computed, by the server clock, the same on all rows of one refresh',
    has_prior_week UInt8
        COMMENT '1 = viewed in the 7 days before the window, 0 = no baseline, so a wow of 0 means unknown',
    label_basis LowCardinality(String) DEFAULT 'none'
        COMMENT 'Rate behind the label: submit_rate, or none (not enough data)'
)
ENGINE = ReplacingMergeTree(updated_at)
PARTITION BY klaviyo_public_id
ORDER BY (klaviyo_public_id, date, form_id)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1
COMMENT 'One row is one sign-up form on one day: views, submits, rates and how it compares with the account.'
