-- One row: who holds the lock, since when, and how long ago it gave its last sign of life.
SELECT
    any(l.run_id) AS run_id,
    any(l.host) AS host,
    any(l.process_id) AS process_id,
    any(l.lock_file) AS lock_file,
    toString(min(l.beat_at)) AS held_since,
    count() AS beats,
    toUInt64(greatest(0, dateDiff('second', max(l.beat_at), now()))) AS silent_seconds
FROM ai_refresh_lock AS l
