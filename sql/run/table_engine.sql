-- One row: the engine of a table of this database.
SELECT t.engine AS engine
FROM system.tables AS t
WHERE t.database = currentDatabase() AND t.name = {table:String}
