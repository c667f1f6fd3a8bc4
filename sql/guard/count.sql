-- One row: how many rows the guarded statement has
WITH
<<shadows>>
SELECT count() AS row_count
FROM (
<<statement>>
)
