-- One row is one column of form_ai_performance and one account whose largest value does not fit the column.
-- Read only after a checked cast has failed, to name what did not fit.
WITH
--# include fragments/form_days.sql
    largest AS
    (
        SELECT
            r.klaviyo_public_id AS klaviyo_public_id,
            [
                ('total_views', max(toUInt64(r.views)), toUInt64(4294967295)),
                ('unique_views', max(toUInt64(r.viewers)), toUInt64(4294967295)),
                ('total_submits', max(toUInt64(r.all_submits)), toUInt64(4294967295)),
                ('unique_submits', max(toUInt64(r.submitters)), toUInt64(4294967295)),
                ('step_views', max(toUInt64(r.viewed_steps)), toUInt64(4294967295)),
                ('step_submits', max(toUInt64(r.submitted_steps)), toUInt64(4294967295))
            ] AS sums
        FROM form_days AS r
        WHERE r.date >= {start:Date}
        GROUP BY r.klaviyo_public_id
    )
SELECT
    l.klaviyo_public_id AS klaviyo_public_id,
    one_sum.1 AS column_name,
    toString(one_sum.2) AS value
FROM largest AS l
ARRAY JOIN l.sums AS one_sum
WHERE one_sum.2 > one_sum.3
ORDER BY klaviyo_public_id, column_name
LIMIT 20
