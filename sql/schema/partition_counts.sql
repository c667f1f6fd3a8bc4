-- One row is one of our tables with the number of its partitions.
SELECT
    p.table AS name,
    uniqExact(p.partition_id) AS partitions
FROM system.parts AS p
WHERE p.active AND p.database = currentDatabase() AND p.table IN {names:Array(String)}
GROUP BY p.table
ORDER BY name
