-- A row is a node of the syntax tree of a statement, which is only read
EXPLAIN AST
SELECT *
FROM (
<<statement>>
)
