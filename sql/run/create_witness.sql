-- One row, as long as the server that made it runs: what is in memory is gone when it starts again.
CREATE TABLE {witness:Identifier}
ENGINE = Memory
AS
SELECT 1 AS is_there
