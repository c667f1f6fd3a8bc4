-- One row is one account and table whose newest refresh did not end well.
SELECT
    latest.klaviyo_public_id AS klaviyo_public_id,
    latest.last_state AS state,
    groupArray(latest.table_name) AS tables,
    any(latest.last_error) AS error,
    latest.last_run_id AS run_id
FROM
(
    SELECT
        l.klaviyo_public_id AS klaviyo_public_id,
        l.table_name AS table_name,
        argMax(l.state, (l.started_at, l.updated_at)) AS last_state,
        argMax(l.error, (l.started_at, l.updated_at)) AS last_error,
        argMax(l.run_id, (l.started_at, l.updated_at)) AS last_run_id
    FROM ai_refresh_log AS l
    GROUP BY l.klaviyo_public_id, l.table_name
    ORDER BY klaviyo_public_id, table_name
) AS latest
WHERE latest.last_state NOT IN ('published', 'dropped', 'forgotten', 'ignored')
GROUP BY latest.klaviyo_public_id, latest.last_state, latest.last_run_id
ORDER BY klaviyo_public_id, state, run_id
