-- One row holds statements as the server itself formats them, without this database's name, in the order given.
SELECT arrayMap(
    statement -> replaceAll(
        replaceAll(formatQuerySingleLine(statement), concat('`', currentDatabase(), '`.'), ''),
        concat(currentDatabase(), '.'), ''),
    {statements:Array(String)}) AS statements
