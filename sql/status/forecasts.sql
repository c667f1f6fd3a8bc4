-- One row is one account with enough past forecasts: how they did on the last 28 days that are final.
SELECT
    accuracy.klaviyo_public_id AS klaviyo_public_id,
    100 * avg(accuracy.covered_80) AS coverage_pct,
    sum(accuracy.error) AS error,
    sum(accuracy.naive_error) AS naive_error
FROM ai_forecast_accuracy AS accuracy FINAL
WHERE accuracy.send_channel = 'all' AND accuracy.for_date > toDate(now(serverTimezone())) - 35
GROUP BY accuracy.klaviyo_public_id
-- Two weeks of days, seen from some nights.
HAVING uniqExact(accuracy.for_date) >= 14 AND count() >= 56
ORDER BY klaviyo_public_id
