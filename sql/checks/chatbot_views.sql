-- A row is a view over one of the summary tables that does not run with the rights of its reader
SELECT
    if(t.database = currentDatabase(), t.name, concat(t.database, '.', t.name)) AS view_name,
    if(t.engine = 'MaterializedView', 'a materialized view', 'a view with the rights of its definer') AS what
FROM system.tables AS t
WHERE t.engine LIKE '%View'
    AND (t.engine = 'MaterializedView' OR match(t.create_table_query, '\\bSQL SECURITY (DEFIN|NONE)'))
    AND arrayExists(name -> match(t.create_table_query, concat('\\b', name, '\\b')), {tables:Array(String)})
ORDER BY view_name
