-- One row is one table of one account in one refresh run: its newest state, what was written, how long it took.
CREATE TABLE IF NOT EXISTS ai_refresh_log
(
    run_id String
        COMMENT 'Id of the run, the same on all its rows',
    klaviyo_public_id String
        COMMENT 'Klaviyo account (public id) that was refreshed',
    table_name String
        COMMENT 'Summary table that was refreshed',
    window_start Date
        COMMENT 'First day that was computed anew',
    window_end Date
        COMMENT 'Last day that was computed anew',
    as_of Date
        COMMENT 'Day that the run computed for: source rows of later days were not read',
    state LowCardinality(String)
        COMMENT 'publishing, published, failed, held_back, dropped, forgotten or ignored',
    rows_written UInt64
        COMMENT 'Rows of the window that were written',
    rows_kept UInt64
        COMMENT 'Rows outside the window that were kept as they were',
    rows_rejected UInt64
        COMMENT 'Source rows left out because their revenue was not finite, negative or above 1e9',
    started_at DateTime
        COMMENT 'When the run started, by the server clock, the same on all rows of a run',
    duration_ms UInt64
        COMMENT 'Milliseconds spent on this table of this account, or on its batch where that cannot be told apart',
    query_ids Array(String)
        COMMENT 'Ids of the statements, to be looked up in the query log of the server',
    aiviews_version String
        COMMENT 'Version of aiviews that ran',
    error String
        COMMENT 'Why the state is failed or held_back, empty otherwise',
    updated_at DateTime64(3) DEFAULT now64(3)
        COMMENT 'When this state was written: of the rows of one key the newest counts',
    newest_source_date Date
        COMMENT 'Newest day that the sources of this table had of the account, 1970-01-01 if none or not looked up',
    newest_source_update DateTime64(3)
        COMMENT 'Newest last_updated of the source rows that were there to read, 1970-01-01 if none or not looked up',
    sources_end Date
        COMMENT 'Newest day that any account had in any source, 1970-01-01 if the run looked at some accounts only'
)
ENGINE = ReplacingMergeTree(updated_at)
PARTITION BY toYYYYMM(started_at)
ORDER BY (klaviyo_public_id, table_name, run_id)
TTL started_at + INTERVAL 400 DAY
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1
COMMENT 'Refresh log: one row is one table of one account in one run. Read it with FINAL. Kept for 400 days.'
