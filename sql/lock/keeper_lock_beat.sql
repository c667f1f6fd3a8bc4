-- Gives a sign of life, where the lock is still this run's.
ALTER TABLE ai_refresh_keeper_lock UPDATE seen_at = now() WHERE name = 'run' AND run_id = {run_id:String}
