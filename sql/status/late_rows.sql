-- One row is one account with source rows that came or changed after its last refresh, dated before that refresh's
-- window: the tables do not have them, and the next run with the same number of days will not read them either.
WITH
    last_refreshes AS
    (
        SELECT
            l.klaviyo_public_id AS klaviyo_public_id,
            max(l.started_at) AS refreshed_at,
            argMax(l.window_start, l.started_at) AS window_start
        FROM ai_refresh_log AS l
        WHERE l.state = 'published' AND l.table_name IN ('campaign_ai_summary', 'flow_ai_summary')
        GROUP BY l.klaviyo_public_id
    )
SELECT
    s.klaviyo_public_id AS klaviyo_public_id,
    count() AS late_rows,
    toString(min(s.date)) AS earliest_date
FROM
(
    SELECT klaviyo_public_id, date, last_updated FROM campaign_statistics_latest
    UNION ALL
    SELECT klaviyo_public_id, date, last_updated FROM flow_statistics_latest
    UNION ALL
    SELECT klaviyo_public_id, date, last_updated FROM form_statistics_latest
    UNION ALL
    SELECT klaviyo_public_id, date, last_updated FROM segment_statistics_latest
) AS s
ALL INNER JOIN last_refreshes AS r ON r.klaviyo_public_id = s.klaviyo_public_id
WHERE s.date < r.window_start AND s.last_updated > r.refreshed_at
GROUP BY s.klaviyo_public_id
ORDER BY klaviyo_public_id
