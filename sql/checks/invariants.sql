-- One row is one account of <<table>> with rows that must not be there: second rows of a key, numbers that are none.
-- FINAL merges in the order of the key, so that memory does not grow with the rows.
WITH
    stored AS
    (
        SELECT
            t.klaviyo_public_id AS account,
            toInt64(count()) AS row_count,
            sumForEach(arrayMap(value -> NOT isFinite(value), [<<float_columns>>]::Array(Float64))) AS not_finite
        FROM <<table>> AS t
        GROUP BY t.klaviyo_public_id
    ),
    distinct_keys AS
    (
        SELECT t.klaviyo_public_id AS account, -toInt64(count()) AS row_count
        FROM <<table>> AS t FINAL
        GROUP BY t.klaviyo_public_id
    )
SELECT
    counted.account AS account,
    sum(counted.row_count) AS duplicates,
    sumForEach(counted.not_finite) AS not_finite
FROM
(
    SELECT account, row_count, not_finite FROM stored
    UNION ALL
    SELECT account, row_count, [] FROM distinct_keys
) AS counted
GROUP BY counted.account
HAVING duplicates != 0 OR arrayExists(number -> number > 0, not_finite)
ORDER BY account
LIMIT 20
