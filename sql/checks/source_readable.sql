-- No row: whether these columns of a source can be read at all.
SELECT <<columns>>
FROM {source:Identifier}
WHERE 0
