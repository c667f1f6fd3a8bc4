-- One row is one account's partition of one table, with its rows as stored. An empty list of accounts asks for all.
SELECT
    stored.table_name AS table_name,
    stored.klaviyo_public_id AS klaviyo_public_id,
    stored.stored_rows AS stored_rows,
    stored.parts AS parts,
    stored.table_partitions AS table_partitions
FROM
(
    SELECT
        p.table AS table_name,
        p.partition AS klaviyo_public_id,
        sum(p.rows) AS stored_rows,
        count() AS parts,
        count() OVER (PARTITION BY p.table) AS table_partitions
    FROM system.parts AS p
    WHERE p.active AND p.database = currentDatabase() AND p.table IN {tables:Array(String)}
    GROUP BY p.table, p.partition
) AS stored
WHERE empty({accounts:Array(String)}) OR stored.klaviyo_public_id IN {accounts:Array(String)}
ORDER BY table_name, klaviyo_public_id
