-- One row is one account whose newest state in every asked table is done, for these dates and within the last day.
SELECT latest.klaviyo_public_id AS klaviyo_public_id
FROM
(
    SELECT
        l.klaviyo_public_id AS klaviyo_public_id,
        l.table_name AS table_name,
        argMax(l.state, (l.started_at, l.updated_at)) AS last_state,
        argMax(l.window_start, (l.started_at, l.updated_at)) AS last_window_start,
        argMax(l.as_of, (l.started_at, l.updated_at)) AS last_as_of
    FROM ai_refresh_log AS l
    WHERE l.table_name IN {tables:Array(String)}
        AND l.started_at > toDateTime({updated_at:UInt32}) - INTERVAL 1 DAY
    GROUP BY l.klaviyo_public_id, l.table_name
) AS latest
WHERE latest.last_state IN ('published', 'dropped')
    AND latest.last_as_of = {as_of:Date}
    AND latest.last_window_start IN ({start:Date}, toMonday({start:Date}))
GROUP BY latest.klaviyo_public_id
HAVING count() = length({tables:Array(String)})
ORDER BY klaviyo_public_id
