-- One row is one table of this database whose name begins so.
SELECT t.name AS name
FROM system.tables AS t
WHERE t.database = currentDatabase() AND startsWith(t.name, {prefix:String})
ORDER BY name
