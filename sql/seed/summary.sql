-- One row is one synthetic source: its rows as the newest versions show them, its accounts and its dates.
SELECT
    'campaign' AS source,
    count() AS source_rows,
    uniqExact(s.klaviyo_public_id) AS accounts,
    min(s.date) AS first_date,
    max(s.date) AS last_date
FROM campaign_statistics_latest AS s
UNION ALL
SELECT 'flow', count(), uniqExact(s.klaviyo_public_id), min(s.date), max(s.date) FROM flow_statistics_latest AS s
UNION ALL
SELECT 'form', count(), uniqExact(s.klaviyo_public_id), min(s.date), max(s.date) FROM form_statistics_latest AS s
UNION ALL
SELECT 'segment', count(), uniqExact(s.klaviyo_public_id), min(s.date), max(s.date) FROM segment_statistics_latest AS s
ORDER BY source
