-- The lock of several servers: one row is the run that holds it. ClickHouse Keeper orders all inserts and deletes.
CREATE TABLE IF NOT EXISTS ai_refresh_keeper_lock
(
    name String
        COMMENT 'Always `run`: there is one lock',
    run_id String
        COMMENT 'Run that holds the lock',
    owner String
        COMMENT 'Where that run is, as JSON',
    taken_at DateTime
        COMMENT 'When it took the lock, by the clock of the server that it speaks to',
    seen_at DateTime
        COMMENT 'When it gave its last sign of life, by the same clock'
)
ENGINE = KeeperMap(<<path>>)
PRIMARY KEY name
