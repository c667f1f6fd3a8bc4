-- One row is one table of this database and its engine.
SELECT
    t.name AS name,
    t.engine AS engine
FROM system.tables AS t
WHERE t.database = currentDatabase()
ORDER BY name
