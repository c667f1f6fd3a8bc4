-- One row is one table of one account whose swap a run announced and never reported: when that run started, and how
-- many rows its new part has. Only of the log's last days: what is older was opened and seen to before.
SELECT
    latest.klaviyo_public_id AS klaviyo_public_id,
    latest.table_name AS table_name,
    toUInt32(latest.last_started) AS started_at,
    latest.last_rows AS row_count
FROM
(
    SELECT
        l.klaviyo_public_id AS klaviyo_public_id,
        l.table_name AS table_name,
        argMax(l.state, (l.started_at, l.updated_at)) AS last_state,
        argMax(l.rows_written + l.rows_kept, (l.started_at, l.updated_at)) AS last_rows,
        toUnixTimestamp(max(l.started_at)) AS last_started
    FROM ai_refresh_log AS l
    WHERE l.started_at >= (SELECT max(started_at) - INTERVAL 2 DAY FROM ai_refresh_log)
    GROUP BY l.klaviyo_public_id, l.table_name
) AS latest
WHERE latest.last_state = 'publishing'
ORDER BY klaviyo_public_id, table_name
