-- One row is what one day that still grows has earned so far.
INSERT INTO ai_revenue_vintage (klaviyo_public_id, send_channel, for_date, seen_on, revenue, made_at)
SELECT
    daily.klaviyo_public_id AS klaviyo_public_id,
    daily.send_channel AS send_channel,
    daily.date AS for_date,
    {made_on:Date} AS seen_on,
    ifNotFinite(daily.total_revenue, 0) AS revenue,
    toDateTime({now:UInt32}) AS made_at
FROM channel_performance_daily AS daily FINAL
WHERE daily.klaviyo_public_id IN {accounts:Array(String)}
    AND daily.date BETWEEN {made_on:Date} - 6 AND {last_complete:Date}
