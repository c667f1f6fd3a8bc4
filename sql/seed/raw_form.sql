-- Table of the synthetic form source. One row: a version of one sign-up form on one day.
CREATE TABLE IF NOT EXISTS form_statistics
(
    klaviyo_public_id String COMMENT 'Klaviyo account, six letters and digits, upper and lower case differ',
    date Date COMMENT 'Day the numbers belong to',
    form_id String COMMENT 'Form id',
    form_name String COMMENT 'Name of the form, as typed in Klaviyo',
    store_public_ids Array(String) COMMENT 'Stores this account sells through',
    viewed_form UInt32 COMMENT 'Times the form was shown',
    viewed_form_uniques UInt32 COMMENT 'People who saw the form',
    submits UInt32 COMMENT 'Times the form was submitted',
    submits_unique UInt32 COMMENT 'People who submitted the form',
    viewed_form_step UInt32 COMMENT 'Times a step of the form was shown',
    viewed_form_step_uniques UInt32 COMMENT 'People who saw a step',
    submitted_form_step UInt32 COMMENT 'Times a step was submitted',
    submitted_form_step_uniques UInt32 COMMENT 'People who submitted a step',
    closed_form UInt32 COMMENT 'Times the form was closed without submitting',
    closed_form_uniques UInt32 COMMENT 'People who closed the form',
    qualified_form UInt32 COMMENT 'Times a visitor met the targeting rules of the form',
    qualified_form_uniques UInt32 COMMENT 'People who met the targeting rules',
    submit_rate Float64 COMMENT 'submits / viewed_form, a fraction',
    conversion_value Float64 COMMENT 'Revenue from people who submitted the form, in the currency of the account',
    last_updated DateTime64(3) COMMENT 'When Klaviyo last reported these numbers',
    updated_at DateTime64(3) COMMENT 'When this version of the row arrived: the newest version counts'
)
ENGINE = ReplacingMergeTree(updated_at)
PARTITION BY toYYYYMM(date)
ORDER BY (klaviyo_public_id, date, form_id)
COMMENT 'made by aiviews seed: synthetic form statistics, a row is a version of a form on a day'
