-- One row is one column of a summary table and one account whose largest value does not fit the column.
-- Read only after a checked cast has failed, to name what did not fit.
SELECT
    sums.klaviyo_public_id AS klaviyo_public_id,
    one_sum.1 AS column_name,
    toString(one_sum.2) AS value
FROM
(
    SELECT
        r.klaviyo_public_id AS klaviyo_public_id,
        [
            <<largest>>
        ] AS largest
    FROM
    (
<<rows>>
    ) AS r
    GROUP BY r.klaviyo_public_id
) AS sums
ARRAY JOIN sums.largest AS one_sum
WHERE one_sum.2 > one_sum.3
ORDER BY klaviyo_public_id, column_name
LIMIT 20
