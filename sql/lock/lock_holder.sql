-- One row is the lock as it is held: its owner (in the comment), since when, and for how long. No row: nobody has it.
SELECT
    t.comment AS comment,
    toString(t.metadata_modification_time) AS held_since,
    toUInt64(greatest(0, dateDiff('second', t.metadata_modification_time, now()))) AS age_seconds
FROM system.tables AS t
WHERE t.database = currentDatabase() AND t.name = 'ai_refresh_lock'
