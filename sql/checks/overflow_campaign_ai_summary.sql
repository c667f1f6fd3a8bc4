-- One row is one column of campaign_ai_summary and one account whose largest value does not fit the column.
-- Read only after a checked cast has failed, to name what did not fit.
WITH
--# include fragments/campaign_rows.sql
    largest AS
    (
        SELECT
            r.klaviyo_public_id AS klaviyo_public_id,
            [
                ('recipients', max(toUInt64(r.recipients)), toUInt64(4294967295)),
                ('opens', max(toUInt64(r.opens)), toUInt64(4294967295)),
                ('opens_unique', max(toUInt64(r.opens_unique)), toUInt64(4294967295)),
                ('clicks', max(toUInt64(r.clicks)), toUInt64(4294967295)),
                ('clicks_unique', max(toUInt64(r.clicks_unique)), toUInt64(4294967295)),
                ('conversions', max(toUInt64(r.conversions)), toUInt64(4294967295)),
                ('bounced', max(toUInt64(r.bounced)), toUInt64(4294967295)),
                ('unsubscribes', max(toUInt64(r.unsubscribes)), toUInt64(4294967295)),
                ('spam_complaints', max(toUInt64(r.spam_complaints)), toUInt64(4294967295)),
                ('delivered', max(toUInt64(r.delivered)), toUInt64(4294967295)),
                ('conversion_uniques', max(toUInt64(r.conversion_uniques)), toUInt64(4294967295))
            ] AS sums
        FROM campaign_rows AS r
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
