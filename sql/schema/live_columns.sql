-- One row is one column of a table or view of this database, of the names asked for, in its order.
SELECT
    c.table AS object,
    c.name AS name,
    c.type AS column_type,
    c.default_kind AS default_kind,
    -- Formatted like our own defaults, without the SELECT before it. NULL: the server cannot read its own text back.
    -- Only where there is a text: trying to read none is an exception inside, and a hundred of them are slow.
    if(
        c.default_expression = '',
        '',
        ifNull(
            substring(formatQuerySingleLineOrNull(concat('SELECT ', c.default_expression)), 8),
            c.default_expression)
    ) AS default_expression,
    c.comment AS comment
FROM system.columns AS c
WHERE c.database = currentDatabase() AND c.table IN {names:Array(String)}
ORDER BY object, c.position
