-- One row is one account whose rows the datasource's user may see.
SELECT DISTINCT daily.klaviyo_public_id AS account
FROM channel_performance_daily AS daily
ORDER BY account
