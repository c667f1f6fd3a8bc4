-- One row is one account in one summary table, with the rows that a reader without FINAL sees.
SELECT
    t.klaviyo_public_id AS klaviyo_public_id,
    count() AS rows_visible
FROM {target:Identifier} AS t
WHERE t.klaviyo_public_id IN {accounts:Array(String)}
GROUP BY t.klaviyo_public_id
ORDER BY klaviyo_public_id
