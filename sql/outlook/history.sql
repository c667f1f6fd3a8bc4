-- One row is one channel of one account: the revenue of its days, each with the day on which it was last read.
SELECT
    daily.klaviyo_public_id AS account,
    daily.send_channel AS channel,
    groupArray(toUInt32(daily.date - {first_day:Date})) AS days,
    groupArray(ifNotFinite(daily.total_revenue, 0)) AS revenues,
    -- Orders are credited for 7 days: what was read earlier than that has grown since.
    groupArray(toUInt32(greatest(0, toDate(daily.updated_at, serverTimezone()) - {first_day:Date}))) AS read_on
FROM channel_performance_daily AS daily FINAL
WHERE daily.klaviyo_public_id IN {accounts:Array(String)}
    AND daily.date BETWEEN {first_day:Date} AND {last_complete:Date}
GROUP BY daily.klaviyo_public_id, daily.send_channel
ORDER BY account, channel
