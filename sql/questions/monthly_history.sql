-- One row is one month of the account: all channels.
-- question: How did the business go month by month
-- parameter: months UInt16 1..600 = 12: months to look back, the current one included
-- parameter: limit UInt16 1..1000 = 12: rows per account, the newest months
-- answer: Newest month first, the current month is unfinished, so it has no change_pct. change_pct compares the revenue
--   with the month before and is empty where there is none, or the account began within it.
WITH
--# include fragments/complete_days.sql
    ,
    -- One row is one month: campaigns and flows side by side.
    month_sums AS
    (
        SELECT
            baseline.klaviyo_public_id AS account,
            baseline.month AS first_day,
            sumIf(toInt128(round(baseline.total_revenue * 100)), baseline.source_type = 'campaign') AS campaign_cents,
            sumIf(toInt128(round(baseline.total_revenue * 100)), baseline.source_type = 'flow') AS flow_cents,
            sum(baseline.total_recipients) AS recipients
        FROM ai_historical_baseline AS baseline
        WHERE
            baseline.klaviyo_public_id IN {accounts:Array(String)}
            AND baseline.month >= subtractMonths(toStartOfMonth(today()), {months:UInt16})
        GROUP BY
            baseline.klaviyo_public_id,
            baseline.month
    ),
    -- One row is one month with the one before it: an account's months are not always without a gap.
    month_pairs AS
    (
        SELECT
            sums.account AS account,
            sums.first_day AS first_day,
            sums.campaign_cents AS campaign_cents,
            sums.flow_cents AS flow_cents,
            sums.recipients AS recipients,
            lagInFrame(sums.first_day) OVER earlier AS row_before,
            lagInFrame(sums.campaign_cents + sums.flow_cents) OVER earlier AS cents_before
        FROM month_sums AS sums
        WINDOW earlier AS (
            PARTITION BY sums.account ORDER BY sums.first_day ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
    )
SELECT
    months.account AS account,
    formatDateTime(months.first_day, '%Y-%m') AS month,
    round(months.campaign_cents / 100, 2) AS campaign_revenue,
    round(months.flow_cents / 100, 2) AS flow_revenue,
    round((months.campaign_cents + months.flow_cents) / 100, 2) AS revenue,
    if(months.first_day < toStartOfMonth(today()) AND months.cents_before > 0
        AND complete_days.first_day <= subtractMonths(months.first_day, 1)
        AND months.row_before = subtractMonths(months.first_day, 1),
        round(100 * ((months.campaign_cents + months.flow_cents) / months.cents_before - 1), 1), NULL) AS change_pct,
    months.recipients AS recipients
FROM month_pairs AS months
ALL LEFT JOIN complete_days ON complete_days.account = months.account
WHERE months.first_day > subtractMonths(toStartOfMonth(today()), {months:UInt16})
ORDER BY
    account,
    month DESC
LIMIT {limit:UInt16} BY account
