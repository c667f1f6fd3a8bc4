-- One row: seconds since the lock's last sign of life. No row: it never gave one.
SELECT toUInt64(greatest(0, dateDiff('second', max(l.beat_at), now()))) AS silent_seconds
FROM ai_refresh_lock AS l
HAVING count() > 0
