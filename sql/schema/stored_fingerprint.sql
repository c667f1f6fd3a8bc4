-- One row says what all rows of a range of accounts are, in whatever order they stand.
SELECT
    count() AS row_count,
    sum(cityHash64(<<columns>>)) AS checksum
FROM <<table>>
WHERE klaviyo_public_id >= {from:String} AND (klaviyo_public_id < {to:String} OR {to:String} = '')
