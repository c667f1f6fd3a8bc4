-- One row is one week of one sign-up form: sign-ups per 100 views, empty where fewer than 50 views say too little.
SELECT
    toDateTime(toMonday(daily.date), 'UTC') AS time,
    argMaxIf(daily.form_name, daily.date, daily.form_name != '') AS form,
    if(sum(daily.total_views) >= 50, round(100 * sum(daily.total_submits) / sum(daily.total_views), 2), NULL)
        AS submit_rate_pct
FROM form_ai_performance AS daily FINAL
WHERE daily.klaviyo_public_id IN (${account:sqlstring}) AND $__dateFilter(daily.date)
GROUP BY
    time,
    daily.form_id
ORDER BY
    time,
    form
