-- No row: stands for a name that only a subquery of the statement may give
SELECT 1 AS nothing
WHERE 0
