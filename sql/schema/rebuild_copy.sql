-- Copies the newest row of each key of a range of accounts. Works on every engine, where FINAL does not.
INSERT INTO <<copy>> (<<columns>>)
SELECT <<columns>>
FROM <<table>>
WHERE klaviyo_public_id >= {from:String} AND (klaviyo_public_id < {to:String} OR {to:String} = '')
-- The hash decides between rows of the same second: copy and check must choose the same one.
ORDER BY <<key>>, updated_at DESC, cityHash64(<<columns>>)
LIMIT 1 BY <<key>>
