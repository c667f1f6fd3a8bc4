-- One row is a row of an object, of every account
SELECT <<columns>>
FROM {database:Identifier}.<<object>><<final>>
