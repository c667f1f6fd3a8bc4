-- One row is one account whose swaps a run announced and never reported, with that run's dates and tables.
SELECT
    latest.klaviyo_public_id AS klaviyo_public_id,
    -- A rollup's window starts on the Monday before a daily table's: the later start is the run's own.
    max(latest.last_window_start) AS broken_start,
    latest.last_as_of AS broken_as_of,
    groupArray(latest.table_name) AS broken_tables
FROM
(
    SELECT
        l.klaviyo_public_id AS klaviyo_public_id,
        l.table_name AS table_name,
        argMax(l.state, (l.started_at, l.updated_at)) AS last_state,
        argMax(l.run_id, (l.started_at, l.updated_at)) AS last_run_id,
        argMax(l.window_start, (l.started_at, l.updated_at)) AS last_window_start,
        argMax(l.as_of, (l.started_at, l.updated_at)) AS last_as_of
    FROM ai_refresh_log AS l
    -- Merges leave the newest state of a run alone, so few of a year's rows are in this list.
    WHERE (l.klaviyo_public_id, l.table_name) IN
    (
        SELECT
            a.klaviyo_public_id,
            a.table_name
        FROM ai_refresh_log AS a
        WHERE a.state = 'publishing'
    )
    GROUP BY l.klaviyo_public_id, l.table_name
    ORDER BY klaviyo_public_id, table_name
) AS latest
WHERE latest.last_state = 'publishing'
GROUP BY latest.klaviyo_public_id, latest.last_run_id, latest.last_as_of
ORDER BY klaviyo_public_id, broken_as_of, broken_start
