-- Removes the lock of one run.
ALTER TABLE ai_refresh_keeper_lock DELETE WHERE name = 'run' AND run_id = {run_id:String}
