-- One row is one past forecast of one day against what came, of the days that have become final since the last run.
INSERT INTO ai_forecast_accuracy
(
    klaviyo_public_id, send_channel, made_on, for_date, horizon, expected, actual, error, bias, covered_80, covered_95,
    naive, naive_error, model, updated_at
)
WITH
    -- One row is one channel, or the whole account, with what its days have earned.
    actuals AS
    (
        SELECT
            daily.klaviyo_public_id AS account,
            channel,
            daily.date AS day,
            sum(ifNotFinite(daily.total_revenue, 0)) AS revenue
        FROM channel_performance_daily AS daily FINAL
        ARRAY JOIN [daily.send_channel, 'all'] AS channel
        WHERE daily.klaviyo_public_id IN {accounts:Array(String)}
            AND daily.date BETWEEN {made_on:Date} - 70 AND {made_on:Date} - 7
        GROUP BY daily.klaviyo_public_id, channel, daily.date
    ),
    -- One row is one account: the days after its newest one are unknown, not zero.
    newest_days AS
    (
        SELECT
            actuals.account AS account,
            max(actuals.day) AS newest_day
        FROM actuals
        GROUP BY actuals.account
    ),
    -- One row is one account with the last day that was compared.
    compared AS
    (
        SELECT
            accuracy.klaviyo_public_id AS account,
            max(accuracy.for_date) AS through
        FROM ai_forecast_accuracy AS accuracy
        WHERE accuracy.klaviyo_public_id IN {accounts:Array(String)} AND accuracy.for_date >= {made_on:Date} - 42
        GROUP BY accuracy.klaviyo_public_id
    ),
    -- One row is one forecast of one day that is final by now. What was computed afterwards is no forecast.
    forecasts AS
    (
        SELECT
            forecast.klaviyo_public_id AS account,
            toString(forecast.send_channel) AS channel,
            forecast.made_on AS made_on,
            forecast.for_date AS day,
            forecast.horizon AS horizon,
            forecast.expected AS expected,
            forecast.lower_80 AS lower_80,
            forecast.upper_80 AS upper_80,
            forecast.lower_95 AS lower_95,
            forecast.upper_95 AS upper_95,
            toString(forecast.model) AS model,
            forecast.for_date - 7 * intDiv(forecast.horizon + 6, 7) AS day_before
        FROM ai_revenue_forecast AS forecast
        ALL LEFT JOIN compared ON compared.account = forecast.klaviyo_public_id
        WHERE forecast.klaviyo_public_id IN {accounts:Array(String)}
            AND forecast.made_on BETWEEN {made_on:Date} - 70 AND {made_on:Date} - 7
            AND forecast.for_date BETWEEN {made_on:Date} - 41 AND {made_on:Date} - 7
            AND forecast.known_on <= forecast.made_on
            AND forecast.for_date > compared.through
        ORDER BY forecast.made_at DESC
        LIMIT 1 BY account, channel, made_on, day
    )
SELECT
    forecast.account AS klaviyo_public_id,
    forecast.channel AS send_channel,
    forecast.made_on AS made_on,
    forecast.day AS for_date,
    forecast.horizon AS horizon,
    forecast.expected AS expected,
    came.revenue AS actual,
    abs(forecast.expected - came.revenue) AS error,
    forecast.expected - came.revenue AS bias,
    came.revenue BETWEEN forecast.lower_80 AND forecast.upper_80 AS covered_80,
    came.revenue BETWEEN forecast.lower_95 AND forecast.upper_95 AS covered_95,
    came_before.revenue AS naive,
    abs(came_before.revenue - came.revenue) AS naive_error,
    forecast.model AS model,
    toDateTime({now:UInt32}) AS updated_at
FROM forecasts AS forecast
ALL INNER JOIN newest_days ON newest_days.account = forecast.account
-- A day without a row earned nothing.
ALL LEFT JOIN actuals AS came
    ON came.account = forecast.account AND came.channel = forecast.channel AND came.day = forecast.day
ALL LEFT JOIN actuals AS came_before
    ON came_before.account = forecast.account
    AND came_before.channel = forecast.channel
    AND came_before.day = forecast.day_before
WHERE forecast.day <= newest_days.newest_day
