-- Drops one of our own working tables at once.
DROP TABLE IF EXISTS {table:Identifier} SYNC
