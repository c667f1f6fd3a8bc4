-- One row is one account with source rows in the last 90 days or with a refresh in the log: when it was last published.
SELECT
    a.klaviyo_public_id AS klaviyo_public_id,
    toUInt64(max(a.published_at)) AS published_at,
    max(a.has_source) AS has_source
FROM
(
    SELECT klaviyo_public_id, 0 AS published_at, 1 AS has_source
    FROM campaign_statistics_latest
    WHERE date BETWEEN today() - 89 AND today()
    GROUP BY klaviyo_public_id
    UNION ALL
    SELECT klaviyo_public_id, 0 AS published_at, 1 AS has_source
    FROM flow_statistics_latest
    WHERE date BETWEEN today() - 89 AND today()
    GROUP BY klaviyo_public_id
    UNION ALL
    SELECT klaviyo_public_id, 0 AS published_at, 1 AS has_source
    FROM form_statistics_latest
    WHERE date BETWEEN today() - 89 AND today()
    GROUP BY klaviyo_public_id
    UNION ALL
    SELECT klaviyo_public_id, 0 AS published_at, 1 AS has_source
    FROM segment_statistics_latest
    WHERE date BETWEEN today() - 89 AND today()
    GROUP BY klaviyo_public_id
    UNION ALL
    SELECT klaviyo_public_id, toUnixTimestamp(max(started_at)) AS published_at, 0 AS has_source
    FROM ai_refresh_log
    WHERE state IN ('published', 'dropped')
    GROUP BY klaviyo_public_id
) AS a
GROUP BY a.klaviyo_public_id
ORDER BY klaviyo_public_id
