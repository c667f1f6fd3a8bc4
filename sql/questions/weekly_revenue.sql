-- One row is one full week, Monday to Sunday, since the account's first one.
-- question: How did revenue go week by week
-- parameter: weeks UInt16 1..520 = 12: full weeks to look back
-- parameter: limit UInt16 1..1000 = 12: rows per account, the newest weeks
-- decimals: campaign_revenue 2, flow_revenue 2, revenue 2, change_pct 1
-- money: campaign_revenue, flow_revenue, revenue
-- answer: Newest week first, the unfinished week is left out. A missing week counts as 0. change_pct compares with the
--   week before and is empty where that earned nothing, or the account began within it. Revenue of the newest 7 days
--   still grows, so a small fall may only be late orders.
WITH
--# include fragments/complete_days.sql,
    -- One row is one account's week on one side: campaigns or flows.
    rollup_weeks AS
    (
        SELECT
            rollup.klaviyo_public_id AS account,
            rollup.week_start_date AS week,
            toInt128(round(rollup.total_revenue * 1000000)) AS campaign_millionths,
            toInt128(0) AS flow_millionths
        FROM campaign_weekly_rollup AS rollup FINAL
        WHERE rollup.klaviyo_public_id IN {accounts:Array(String)}
        UNION ALL
        SELECT
            rollup.klaviyo_public_id AS account,
            rollup.week_start_date AS week,
            toInt128(0) AS campaign_millionths,
            toInt128(round(rollup.total_revenue * 1000000)) AS flow_millionths
        FROM flow_weekly_rollup AS rollup FINAL
        WHERE rollup.klaviyo_public_id IN {accounts:Array(String)}
    ),
    -- One row is one account: the weeks to show and one before them, newest first, none before its first row.
    account_calendar AS
    (
        SELECT
            days.account AS account,
            min(rollup_weeks.week) AS first_week,
            arrayFilter(week -> week >= first_week, arrayMap(
                weeks_back -> toMonday(any(days.last_day) + 1) - 7 * weeks_back, range(1, {weeks:UInt16} + 2)))
                AS calendar
        FROM complete_days AS days
        ALL INNER JOIN rollup_weeks ON rollup_weeks.account = days.account
        GROUP BY days.account
    ),
    -- One row is one account's week, also where nothing happened: a missing week is a zero week.
    week_sums AS
    (
        SELECT
            calendar_week.account AS account,
            calendar_week.week AS week,
            sum(calendar_week.campaign_millionths) AS campaign_sum,
            sum(calendar_week.flow_millionths) AS flow_sum
        FROM
        (
            SELECT
                account_calendar.account AS account,
                arrayJoin(account_calendar.calendar) AS week,
                toInt128(0) AS campaign_millionths,
                toInt128(0) AS flow_millionths
            FROM account_calendar
            UNION ALL
            SELECT
                rollup_weeks.account AS account,
                rollup_weeks.week AS week,
                rollup_weeks.campaign_millionths AS campaign_millionths,
                rollup_weeks.flow_millionths AS flow_millionths
            FROM rollup_weeks
            ALL INNER JOIN account_calendar ON account_calendar.account = rollup_weeks.account
            WHERE has(account_calendar.calendar, rollup_weeks.week)
        ) AS calendar_week
        GROUP BY
            calendar_week.account,
            calendar_week.week
    ),
    -- One row is one week with the one before it: the calendar has no gaps, so that stands in the row before.
    week_pairs AS
    (
        SELECT
            sums.account AS account,
            sums.week AS week,
            sums.campaign_sum AS campaign_sum,
            sums.flow_sum AS flow_sum,
            lagInFrame(sums.campaign_sum + sums.flow_sum, 1, toInt128(0)) OVER (
                PARTITION BY sums.account ORDER BY sums.week ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
                AS sum_before
        FROM week_sums AS sums
    )
SELECT
    pair.account AS account,
    pair.week AS week_from,
    pair.campaign_sum / 1000000 AS campaign_revenue,
    pair.flow_sum / 1000000 AS flow_revenue,
    (pair.campaign_sum + pair.flow_sum) / 1000000 AS revenue,
    if(complete_days.first_day <= pair.week - 7 AND pair.sum_before > 0,
        100 * ((pair.campaign_sum + pair.flow_sum) / pair.sum_before - 1), NULL) AS change_pct,
    count() OVER (PARTITION BY account) AS of_rows
FROM week_pairs AS pair
ALL INNER JOIN complete_days ON complete_days.account = pair.account
WHERE pair.week >= toMonday(complete_days.last_day + 1) - 7 * {weeks:UInt16}
ORDER BY
    account,
    week_from DESC
LIMIT {limit:UInt16} BY account
