-- One row is one month of the account: all channels.
-- question: How did the business go month by month
-- parameter: months UInt16 1..600 = 12: months to look back, that of the last complete day included
-- parameter: limit UInt16 1..1000 = 12: rows per account, the newest months
-- decimals: campaign_revenue 2, flow_revenue 2, revenue 2, change_pct 1
-- money: campaign_revenue, flow_revenue, revenue
-- least: recipients
-- answer: Newest month first. only_days says how much of a month there is, where it is not whole: the current one, and
--   the one in which the account's numbers begin. change_pct compares the revenue of a whole month with the whole month
--   before. Revenue of the newest 7 days still grows.
WITH
--# include fragments/complete_days.sql,
    -- The rows of both summary tables, reduced to what they have in common.
    daily_rows AS
    (
        SELECT
            campaign.klaviyo_public_id AS account,
            campaign.date AS day,
            toInt128(round(campaign.conversion_value * 1000000)) AS campaign_millionths,
            toInt128(0) AS flow_millionths,
            campaign.recipients AS recipients
        FROM campaign_ai_summary AS campaign FINAL
        WHERE campaign.klaviyo_public_id IN {accounts:Array(String)}
        UNION ALL
        SELECT
            flow.klaviyo_public_id AS account,
            flow.date AS day,
            toInt128(0) AS campaign_millionths,
            toInt128(round(flow.conversion_value * 1000000)) AS flow_millionths,
            flow.recipients AS recipients
        FROM flow_ai_summary AS flow FINAL
        WHERE flow.klaviyo_public_id IN {accounts:Array(String)}
    ),
    -- One row is one month: campaigns and flows side by side.
    month_sums AS
    (
        SELECT
            daily.account AS account,
            toStartOfMonth(daily.day) AS month_start,
            any(days.last_day) AS last_day,
            greatest(month_start, any(days.first_day)) AS from_day,
            least(toLastDayOfMonth(month_start), any(days.last_day)) AS to_day,
            sum(daily.campaign_millionths) AS campaign_millionths,
            sum(daily.flow_millionths) AS flow_millionths,
            sum(toUInt64(daily.recipients)) AS recipients
        FROM daily_rows AS daily
        ALL INNER JOIN complete_days AS days ON days.account = daily.account
        WHERE
            daily.day <= days.last_day
            AND daily.day >= subtractMonths(toStartOfMonth(days.last_day), {months:UInt16})
        GROUP BY
            daily.account,
            month_start
    ),
    -- One row is one month with the one before it: an account's months are not always without a gap.
    month_pairs AS
    (
        SELECT
            sums.*,
            from_day = month_start AND to_day = toLastDayOfMonth(month_start) AS is_whole,
            lagInFrame(sums.month_start) OVER earlier AS row_before,
            lagInFrame(is_whole) OVER earlier AS is_whole_before,
            lagInFrame(sums.campaign_millionths + sums.flow_millionths) OVER earlier AS millionths_before
        FROM month_sums AS sums
        WINDOW earlier AS (
            PARTITION BY sums.account ORDER BY sums.month_start ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
    )
SELECT
    months.account AS account,
    formatDateTime(months.month_start, '%Y-%m') AS month,
    months.campaign_millionths / 1000000 AS campaign_revenue,
    months.flow_millionths / 1000000 AS flow_revenue,
    (months.campaign_millionths + months.flow_millionths) / 1000000 AS revenue,
    if(months.is_whole AND months.is_whole_before AND months.millionths_before > 0
        AND months.row_before = subtractMonths(months.month_start, 1),
        100 * ((months.campaign_millionths + months.flow_millionths) / months.millionths_before - 1), NULL)
        AS change_pct,
    months.recipients AS recipients,
    if(months.is_whole, NULL, concat(toString(months.to_day - months.from_day + 1), ' of ',
        toString(toDayOfMonth(toLastDayOfMonth(months.month_start))))) AS only_days,
    count() OVER (PARTITION BY account) AS of_rows
FROM month_pairs AS months
WHERE months.month_start > subtractMonths(toStartOfMonth(months.last_day), {months:UInt16})
ORDER BY
    account,
    month DESC
LIMIT {limit:UInt16} BY account
