-- One row is what the guarded statement says
-- The tables that it names are these, whatever the database holds.
WITH
<<shadows>>
SELECT *
FROM (
<<statement>>
)
LIMIT {rows:UInt64} OFFSET {skip:UInt64}
