-- One row is one account: the last 7 days that are shown against the 7 before, in its own currency. Never added up.
WITH
    toDate($__toTime, 'UTC') AS last_day,
    -- One row is one account with both weeks.
    sums AS
    (
        SELECT
            daily.klaviyo_public_id AS account,
            sumIf(daily.total_revenue, daily.date > last_day - 7) AS now,
            sumIf(daily.total_revenue, daily.date <= last_day - 7) AS before
        FROM channel_performance_daily AS daily FINAL
        WHERE
            daily.klaviyo_public_id IN (${account:sqlstring})
            AND daily.date > last_day - 14
            AND daily.date <= last_day
        GROUP BY account
    )
SELECT
    sums.account AS account,
    round(sums.now, 2) AS last_7_days,
    round(sums.before, 2) AS previous_7_days,
    if(sums.before > 0, round(100 * (sums.now / sums.before - 1), 1), NULL) AS change_pct
FROM sums
ORDER BY
    change_pct DESC,
    account
