-- One row is one account with source rows left out because of their revenue: how many of each source.
SELECT
    u.klaviyo_public_id AS klaviyo_public_id,
    countIf(u.source = 'campaign') AS campaign_rows,
    countIf(u.source = 'flow') AS flow_rows
FROM
(
    SELECT s.klaviyo_public_id AS klaviyo_public_id, 'campaign' AS source
    FROM campaign_statistics_latest AS s
    WHERE s.klaviyo_public_id IN {accounts:Array(String)}
        AND s.date BETWEEN {start:Date} AND {as_of:Date}
        AND NOT (
--# include fragments/sane_revenue.sql
        )
    UNION ALL
    SELECT s.klaviyo_public_id AS klaviyo_public_id, 'flow' AS source
    FROM flow_statistics_latest AS s
    WHERE s.klaviyo_public_id IN {accounts:Array(String)}
        AND s.date BETWEEN {start:Date} AND {as_of:Date}
        AND NOT (
--# include fragments/sane_revenue.sql
        )
) AS u
GROUP BY u.klaviyo_public_id
ORDER BY klaviyo_public_id
