-- One row: the version that answers and the database that unqualified names live in.
SELECT
    version() AS version,
    currentDatabase() AS database_name
