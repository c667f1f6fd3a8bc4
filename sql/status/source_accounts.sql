-- One row is one account of the sources: the date of its newest row.
SELECT
    s.klaviyo_public_id AS klaviyo_public_id,
    toString(max(s.newest)) AS newest_source_date
FROM
(
    SELECT klaviyo_public_id, max(date) AS newest
    FROM campaign_statistics_latest
    GROUP BY klaviyo_public_id
    UNION ALL
    SELECT klaviyo_public_id, max(date) AS newest
    FROM flow_statistics_latest
    GROUP BY klaviyo_public_id
    UNION ALL
    SELECT klaviyo_public_id, max(date) AS newest
    FROM form_statistics_latest
    GROUP BY klaviyo_public_id
    UNION ALL
    SELECT klaviyo_public_id, max(date) AS newest
    FROM segment_statistics_latest
    GROUP BY klaviyo_public_id
) AS s
GROUP BY s.klaviyo_public_id
ORDER BY klaviyo_public_id
