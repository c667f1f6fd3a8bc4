-- One row is one account whose newest state in every asked table is done, for these dates and within the last day, and
-- whose rows are there as the log has them.
SELECT latest.klaviyo_public_id AS klaviyo_public_id
FROM
(
    SELECT
        l.klaviyo_public_id AS klaviyo_public_id,
        l.table_name AS table_name,
        argMax(l.state, (l.started_at, l.updated_at)) AS last_state,
        argMax(l.window_start, (l.started_at, l.updated_at)) AS last_window_start,
        argMax(l.as_of, (l.started_at, l.updated_at)) AS last_as_of,
        argMax(l.rows_written + l.rows_kept, (l.started_at, l.updated_at)) AS last_rows
    FROM ai_refresh_log AS l
    WHERE l.table_name IN {tables:Array(String)}
        AND l.started_at > toDateTime({updated_at:UInt32}) - INTERVAL 1 DAY
    GROUP BY l.klaviyo_public_id, l.table_name
) AS latest
ALL LEFT JOIN
(
    SELECT
        p.table AS table_name,
        p.partition AS klaviyo_public_id,
        sum(p.rows) AS stored_rows
    FROM system.parts AS p
    WHERE p.active AND p.database = currentDatabase() AND p.table IN {tables:Array(String)}
    GROUP BY p.table, p.partition
) AS stored
    ON stored.klaviyo_public_id = latest.klaviyo_public_id AND stored.table_name = latest.table_name
WHERE latest.last_state IN ('published', 'dropped')
    AND stored.stored_rows = latest.last_rows
    AND latest.last_as_of = {as_of:Date}
    AND latest.last_window_start IN ({start:Date}, toMonday({start:Date}))
GROUP BY latest.klaviyo_public_id
HAVING count() = length({tables:Array(String)})
ORDER BY klaviyo_public_id
