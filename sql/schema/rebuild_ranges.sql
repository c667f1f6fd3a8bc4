-- One row is the first account of a range of accounts that together have about as many rows as asked for.
SELECT min(running.account) AS first_account
FROM
(
    SELECT
        counted.account AS account,
        -- Rows of all accounts before this one.
        sum(counted.row_count) OVER (ORDER BY counted.account ROWS UNBOUNDED PRECEDING) - counted.row_count AS before
    FROM
    (
        SELECT t.klaviyo_public_id AS account, count() AS row_count
        FROM <<table>> AS t
        GROUP BY t.klaviyo_public_id
    ) AS counted
) AS running
GROUP BY intDiv(running.before, {rows_per_range:UInt64})
ORDER BY first_account
