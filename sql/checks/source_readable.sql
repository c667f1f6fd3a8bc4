-- No row of a source is read: whether it could be, with these columns. `WHERE 0` alone is answered without looking at
-- the tables behind a view, so that an EPHEMERAL column there would pass.
EXPLAIN PIPELINE
SELECT <<columns>>
FROM {source:Identifier}
