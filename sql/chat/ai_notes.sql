-- One row is something that people told about an account
CREATE TABLE IF NOT EXISTS ai_notes
(
    klaviyo_public_id String
        COMMENT 'Klaviyo account (public id) that it is about',
    kind LowCardinality(String)
        COMMENT 'store_name, currency or note',
    note_key String
        COMMENT 'Text of a note, empty for the name and the currency, of which the newest counts',
    text String
        COMMENT 'What was told',
    told_by String
        COMMENT 'Name of the token that told it',
    noted_at DateTime64(3) DEFAULT now64(3)
        COMMENT 'When it was told: of the rows of one key the newest counts'
)
ENGINE = ReplacingMergeTree(noted_at)
ORDER BY (klaviyo_public_id, kind, note_key)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1
COMMENT 'Notes: one row is something that people told about an account. Read it with FINAL.'
