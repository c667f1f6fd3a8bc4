-- One row is one account: how far its rows reach, and when they were refreshed. The account longest ago comes first.
SELECT
    daily.klaviyo_public_id AS account,
    max(daily.date) AS newest_day,
    max(daily.updated_at) AS refreshed_at,
    dateDiff('hour', refreshed_at, now()) AS hours_ago
FROM channel_performance_daily AS daily
WHERE daily.klaviyo_public_id IN (${account:sqlstring})
GROUP BY account
ORDER BY
    refreshed_at,
    account
