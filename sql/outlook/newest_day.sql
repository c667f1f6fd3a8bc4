-- One row: the newest complete day that any account has.
SELECT max(daily.date) AS newest_day
FROM channel_performance_daily AS daily
WHERE daily.date <= {last_complete:Date}
