-- One row is one account with rows in a source that were left out because of their revenue, and how many of them the
-- window has.
SELECT
    s.klaviyo_public_id AS klaviyo_public_id,
    count() AS rejected_rows
FROM {snapshot:Identifier} AS s
WHERE NOT s.is_sane AND s.date BETWEEN {start:Date} AND {as_of:Date}
GROUP BY s.klaviyo_public_id
ORDER BY klaviyo_public_id
