-- One row is one week of one account: its revenue against its own average of the weeks shown, which is 100.
WITH
    -- One row is one account's week.
    account_weeks AS
    (
        SELECT
            daily.klaviyo_public_id AS account,
            toMonday(daily.date) AS week,
            sum(daily.total_revenue) AS money
        FROM channel_performance_daily AS daily FINAL
        WHERE daily.klaviyo_public_id IN (${account:sqlstring}) AND $__dateFilter(daily.date)
        GROUP BY
            account,
            week
    )
SELECT
    toDateTime(weeks.week, 'UTC') AS time,
    weeks.account AS account,
    round(100 * weeks.money / nullIf(avg(weeks.money) OVER (PARTITION BY weeks.account), 0), 1) AS of_average
FROM account_weeks AS weeks
ORDER BY
    time,
    account
