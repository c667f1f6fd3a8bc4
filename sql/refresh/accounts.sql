-- One row is one account with source rows in the window's weeks: the rows of each source that a refresh will read.
-- Reading begins with the earliest day that any table looks at (segments: start - 33, benchmarks: as_of - 89).
SELECT
    u.klaviyo_public_id AS klaviyo_public_id,
    countIf(u.source = 'campaign') AS campaign_rows,
    countIf(u.source = 'flow') AS flow_rows,
    countIf(u.source = 'form') AS form_rows,
    countIf(u.source = 'segment') AS segment_rows
FROM
(
    SELECT s.klaviyo_public_id AS klaviyo_public_id, s.date AS date, 'campaign' AS source
    FROM campaign_statistics_latest AS s
    WHERE s.date BETWEEN least({start:Date} - 33, {as_of:Date} - 89) AND {as_of:Date}
    UNION ALL
    SELECT s.klaviyo_public_id AS klaviyo_public_id, s.date AS date, 'flow' AS source
    FROM flow_statistics_latest AS s
    WHERE s.date BETWEEN least({start:Date} - 33, {as_of:Date} - 89) AND {as_of:Date}
    UNION ALL
    SELECT s.klaviyo_public_id AS klaviyo_public_id, s.date AS date, 'form' AS source
    FROM form_statistics_latest AS s
    WHERE s.date BETWEEN least({start:Date} - 33, {as_of:Date} - 89) AND {as_of:Date}
    UNION ALL
    SELECT s.klaviyo_public_id AS klaviyo_public_id, s.date AS date, 'segment' AS source
    FROM segment_statistics_latest AS s
    WHERE s.date BETWEEN least({start:Date} - 33, {as_of:Date} - 89) AND {as_of:Date}
) AS u
GROUP BY u.klaviyo_public_id
HAVING max(u.date) >= toMonday({start:Date})
ORDER BY klaviyo_public_id
