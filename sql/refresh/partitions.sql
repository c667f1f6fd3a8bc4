-- One row is one account's partition of one table, with its rows as stored. An empty list of accounts asks for all.
SELECT
    p.table AS table_name,
    p.partition AS klaviyo_public_id,
    sum(p.rows) AS stored_rows,
    count() AS parts
FROM system.parts AS p
WHERE p.active AND p.database = currentDatabase() AND p.table IN {tables:Array(String)}
    AND (empty({accounts:Array(String)}) OR p.partition IN {accounts:Array(String)})
GROUP BY p.table, p.partition
ORDER BY table_name, klaviyo_public_id
