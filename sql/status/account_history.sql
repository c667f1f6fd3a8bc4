-- One row is one table of one account in one of its last runs, newest first: what happened to it, and when.
SELECT
    toString(l.started_at) AS started_at,
    l.run_id AS run_id,
    l.table_name AS table_name,
    l.state AS state,
    toString(l.window_start) AS window_start,
    toString(l.window_end) AS window_end,
    l.rows_written AS rows_written,
    l.rows_kept AS rows_kept,
    l.rows_rejected AS rows_rejected,
    l.duration_ms AS duration_ms,
    l.error AS error
FROM ai_refresh_log AS l FINAL
WHERE l.klaviyo_public_id = {klaviyo_public_id:String}
ORDER BY l.started_at DESC, l.updated_at DESC, l.table_name
LIMIT 70
