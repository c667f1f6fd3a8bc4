-- One row is one synthetic source: its rows as the newest versions show them, its accounts and its dates.
SELECT
    summary.source AS source,
    summary.source_rows AS source_rows,
    summary.accounts AS accounts,
    summary.first_date AS first_date,
    summary.last_date AS last_date
FROM
(
    SELECT
        'campaign' AS source,
        count() AS source_rows,
        uniqExact(s.klaviyo_public_id) AS accounts,
        min(s.date) AS first_date,
        max(s.date) AS last_date
    FROM campaign_statistics_latest AS s
    UNION ALL
    SELECT
        'flow' AS source,
        count() AS source_rows,
        uniqExact(s.klaviyo_public_id) AS accounts,
        min(s.date) AS first_date,
        max(s.date) AS last_date
    FROM flow_statistics_latest AS s
    UNION ALL
    SELECT
        'form' AS source,
        count() AS source_rows,
        uniqExact(s.klaviyo_public_id) AS accounts,
        min(s.date) AS first_date,
        max(s.date) AS last_date
    FROM form_statistics_latest AS s
    UNION ALL
    SELECT
        'segment' AS source,
        count() AS source_rows,
        uniqExact(s.klaviyo_public_id) AS accounts,
        min(s.date) AS first_date,
        max(s.date) AS last_date
    FROM segment_statistics_latest AS s
) AS summary
ORDER BY summary.source
