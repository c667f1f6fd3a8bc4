-- Waits until this replica has all that the others know of one table.
SYSTEM SYNC REPLICA <<table>>
