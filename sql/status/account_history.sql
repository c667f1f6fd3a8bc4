-- One row is one table of one account in one of its last runs, newest first: what happened to it, and when.
SELECT
    toString(l.started_at) AS started,
    l.run_id AS run,
    l.table_name AS table_of_run,
    l.state AS state_reached,
    toString(l.window_start) AS first_date,
    toString(l.window_end) AS last_date,
    l.rows_written AS written,
    l.rows_kept AS kept,
    l.rows_rejected AS rejected,
    l.duration_ms AS milliseconds,
    l.error AS reason
FROM ai_refresh_log AS l FINAL
WHERE l.klaviyo_public_id = {klaviyo_public_id:String}
ORDER BY l.started_at DESC, l.updated_at DESC, l.table_name
LIMIT 70
