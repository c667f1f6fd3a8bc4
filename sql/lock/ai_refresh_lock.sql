-- The lock: the table's existence holds it, its comment names the owner, and one row is one sign of the owner's life.
CREATE TABLE ai_refresh_lock
(
    beat_at DateTime DEFAULT now()
        COMMENT 'When the run gave this sign of life, by the server clock',
    run_id String
        COMMENT 'Run that holds the lock'
)
ENGINE = MergeTree
ORDER BY beat_at
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1
COMMENT <<comment>>
