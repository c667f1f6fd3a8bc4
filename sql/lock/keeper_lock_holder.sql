-- One row is the lock as it is held. No row: nobody has it.
SELECT
    l.run_id AS run_id,
    l.owner AS owner,
    toString(l.taken_at) AS held_since,
    toUInt64(greatest(0, dateDiff('second', l.seen_at, now()))) AS silent_seconds
FROM ai_refresh_keeper_lock AS l
WHERE l.name = 'run'
