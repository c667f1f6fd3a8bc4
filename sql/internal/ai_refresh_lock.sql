-- The lock: the table's existence holds it, and one row is one sign of life of the run that owns it.
CREATE TABLE ai_refresh_lock
(
    beat_at DateTime DEFAULT now()
        COMMENT 'When the run gave this sign of life, by the server clock',
    run_id String
        COMMENT 'Run that holds the lock',
    host String
        COMMENT 'Machine that the run is on',
    process_id UInt32
        COMMENT 'Process that the run is',
    lock_file String
        COMMENT 'Lock file that the process holds on its machine'
)
ENGINE = MergeTree
ORDER BY beat_at
COMMENT 'Lock of run <<run_id>>: exists while a run changes summary tables. Dropped at its end.'
