-- One row is one column of channel_performance_daily and one account whose largest value does not fit the column.
-- Read only after a checked cast has failed, to name what did not fit.
WITH
--# include fragments/channel_days.sql
    largest AS
    (
        SELECT
            r.klaviyo_public_id AS klaviyo_public_id,
            [
                ('total_campaigns', max(toUInt64(r.campaigns)), toUInt64(65535)),
                ('total_flows', max(toUInt64(r.flows)), toUInt64(65535)),
                ('total_sends', max(toUInt64(r.sends)), toUInt64(65535)),
                ('revenue_rank', max(toUInt64(r.channels)), toUInt64(255)),
                ('engagement_rank', max(toUInt64(r.channels)), toUInt64(255)),
                ('total_recipients', max(toUInt64(r.recipients)), toUInt64(4294967295)),
                ('total_opens', max(toUInt64(r.opens)), toUInt64(4294967295)),
                ('total_clicks', max(toUInt64(r.clicks)), toUInt64(4294967295)),
                ('total_conversions', max(toUInt64(r.conversions)), toUInt64(4294967295)),
                ('total_delivered', max(toUInt64(r.delivered)), toUInt64(4294967295)),
                ('total_opens_unique', max(toUInt64(r.opens_unique)), toUInt64(4294967295)),
                ('total_clicks_unique', max(toUInt64(r.clicks_unique)), toUInt64(4294967295)),
                ('total_conversion_uniques', max(toUInt64(r.conversion_uniques)), toUInt64(4294967295))
            ] AS sums
        FROM
        (
            -- The last rank of a day is its number of channels.
            SELECT
                d.*,
                count() OVER (PARTITION BY klaviyo_public_id, date) AS channels
            FROM channel_days AS d
        ) AS r
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
