-- One row is one account and one age in days: what days had earned at that age, and what the same days have earned now
-- that they are final.
SELECT
    vintage.klaviyo_public_id AS account,
    toUInt32(vintage.seen_on - vintage.for_date) AS age,
    sum(vintage.revenue) AS seen_then,
    sum(ifNotFinite(daily.total_revenue, 0)) AS seen_now,
    uniqExact(vintage.for_date) AS days
FROM ai_revenue_vintage AS vintage FINAL
ALL INNER JOIN channel_performance_daily AS daily
    ON daily.klaviyo_public_id = vintage.klaviyo_public_id
    AND daily.date = vintage.for_date
    AND daily.send_channel = vintage.send_channel
WHERE vintage.klaviyo_public_id IN {accounts:Array(String)}
    AND daily.klaviyo_public_id IN {accounts:Array(String)}
    AND vintage.for_date BETWEEN {made_on:Date} - 63 AND {made_on:Date} - 7
    AND daily.date BETWEEN {made_on:Date} - 63 AND {made_on:Date} - 7
    AND vintage.seen_on >= {made_on:Date} - 63
    AND toDate(daily.updated_at, serverTimezone()) >= daily.date + 7
GROUP BY vintage.klaviyo_public_id, age
ORDER BY account, age
