-- One row is one day: what came in, and the range that the newest forecast expects it in 8 times out of 10.
WITH
    -- One row is one day that a forecast was made of, as the newest one has it.
    forecast_days AS
    (
        SELECT
            forecast.for_date AS day,
            forecast.expected AS expected,
            forecast.lower_80 AS lower_80,
            forecast.upper_80 AS upper_80,
            (forecast.made_on, forecast.made_at) AS made,
            max((forecast.made_on, forecast.made_at)) OVER (PARTITION BY forecast.klaviyo_public_id) AS newest
        FROM ai_revenue_forecast AS forecast FINAL
        WHERE forecast.klaviyo_public_id IN (${account:sqlstring}) AND forecast.send_channel = 'all'
    )
SELECT
    toDateTime(daily.date, 'UTC') AS time,
    toNullable(round(sum(daily.total_revenue), 2)) AS revenue,
    CAST(NULL, 'Nullable(Float64)') AS expected,
    CAST(NULL, 'Nullable(Float64)') AS lower_80,
    CAST(NULL, 'Nullable(Float64)') AS upper_80
FROM channel_performance_daily AS daily FINAL
WHERE daily.klaviyo_public_id IN (${account:sqlstring}) AND $__dateFilter(daily.date)
GROUP BY time
UNION ALL
SELECT
    toDateTime(days.day, 'UTC') AS time,
    CAST(NULL, 'Nullable(Float64)') AS revenue,
    toNullable(round(days.expected, 2)) AS expected,
    toNullable(round(days.lower_80, 2)) AS lower_80,
    toNullable(round(days.upper_80, 2)) AS upper_80
FROM forecast_days AS days
WHERE days.made = days.newest AND $__dateFilter(days.day)
ORDER BY time
