-- Takes the lock. In strict mode Keeper refuses a key that is there.
INSERT INTO ai_refresh_keeper_lock (name, run_id, owner, taken_at, seen_at)
SELECT
    'run' AS name,
    {run_id:String} AS run_id,
    {owner:String} AS owner,
    now() AS taken_at,
    now() AS seen_at
