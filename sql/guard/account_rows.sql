-- One row is a row of an object, of the asked accounts alone
-- The LIMIT is a fence: no condition of the statement that reads this is moved below it and meets other rows.
SELECT <<columns>>
FROM {database:Identifier}.<<object>><<final>>
WHERE klaviyo_public_id IN {accounts:Array(String)}
LIMIT 1000000000000
