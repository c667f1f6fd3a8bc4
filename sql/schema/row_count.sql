-- One row: the number of rows that are stored in a table, older versions of a key included.
SELECT count() AS row_count
FROM <<table>>
