-- One row is one account of the summary tables: its rows in all of them, its newest day and when it was refreshed.
SELECT
    a.klaviyo_public_id AS klaviyo_public_id,
    sum(a.stored_rows) AS row_count,
    toString(max(a.newest)) AS newest_date,
    toString(max(a.refreshed)) AS refreshed_at
FROM
(
<<tables>>
) AS a
GROUP BY a.klaviyo_public_id
ORDER BY klaviyo_public_id
