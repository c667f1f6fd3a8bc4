-- One row: how long ago the lock's table was made. It tells of an owner that died before its first sign of life.
SELECT toUInt64(greatest(0, dateDiff('second', max(t.metadata_modification_time), now()))) AS age_seconds
FROM system.tables AS t
WHERE t.database = currentDatabase() AND t.name = 'ai_refresh_lock'
