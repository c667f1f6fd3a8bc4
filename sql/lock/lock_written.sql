-- One row: seconds since a part of the lock's table was written. No row: it has none.
SELECT toUInt64(greatest(0, dateDiff('second', max(p.modification_time), now()))) AS silent_seconds
FROM system.parts AS p
WHERE p.database = currentDatabase() AND p.table = 'ai_refresh_lock' AND p.active
HAVING count() > 0
