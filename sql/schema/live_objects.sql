-- One row is one table or view of this database, of the names asked for, its SELECT without this database's name.
WITH
    -- NULL is a text that this server cannot read back: then it is compared as it stands.
    if(t.as_select = '', '', ifNull(formatQuerySingleLineOrNull(t.as_select), t.as_select)) AS select_text
SELECT
    t.name AS name,
    t.engine AS engine,
    t.engine_full AS engine_full,
    t.create_table_query AS statement,
    t.partition_key AS partition_key,
    t.sorting_key AS sorting_key,
    t.comment AS comment,
    replaceAll(
        replaceAll(select_text, concat('`', currentDatabase(), '`.'), ''),
        concat(currentDatabase(), '.'), '') AS body
FROM system.tables AS t
WHERE t.database = currentDatabase() AND t.name IN {names:Array(String)}
ORDER BY name
