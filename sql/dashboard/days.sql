-- One row is one channel on one day: its revenue.
SELECT
    toDateTime(daily.date, 'UTC') AS time,
    daily.send_channel AS channel,
    round(sum(daily.total_revenue), 2) AS revenue
FROM channel_performance_daily AS daily FINAL
WHERE daily.klaviyo_public_id IN (${account:sqlstring}) AND $__dateFilter(daily.date)
GROUP BY
    time,
    channel
ORDER BY
    time,
    channel
