-- One row is one account whose newest state, in some table, says that a swap was about to happen.
SELECT DISTINCT latest.klaviyo_public_id AS klaviyo_public_id
FROM
(
    SELECT
        l.klaviyo_public_id AS klaviyo_public_id,
        argMax(l.state, (l.started_at, l.updated_at)) AS last_state
    FROM ai_refresh_log AS l
    GROUP BY l.klaviyo_public_id, l.table_name
) AS latest
WHERE latest.last_state = 'publishing'
ORDER BY klaviyo_public_id
