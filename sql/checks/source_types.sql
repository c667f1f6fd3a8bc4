-- One row is one column that the SELECT of a source view gives today: its name, its type, and what else there is.
DESCRIBE TABLE (<<body>>)
