-- One row says what the newest rows of each key in a range of accounts are, in whatever order they stand.
SELECT
    count() AS row_count,
    sum(cityHash64(<<columns>>)) AS checksum
FROM
(
    SELECT <<columns>>
    FROM <<table>>
    WHERE klaviyo_public_id >= {from:String} AND (klaviyo_public_id < {to:String} OR {to:String} = '')
    ORDER BY <<key>>, updated_at DESC, cityHash64(<<columns>>)
    LIMIT 1 BY <<key>>
)
