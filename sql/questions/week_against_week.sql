-- One row is one measure: the last 7 complete days against the 7 before, all channels, campaigns and flows.
-- question: How were the last 7 days against the 7 days before
-- parameter: limit UInt16 1..1000 = 10: rows per account
-- decimals: last_7_days 2+, previous_7_days 2+, change_pct 1
-- answer: Two equal windows of 7 complete days, today is in neither. change_pct is relative: from 20 to 25 is +25 %,
--   for rates too. It is empty where the days before have nothing to compare with, or the account began within them.
--   Rates are percent of the messages delivered, the open rate counts only channels that track opens, revenue per 1000
--   is that of 1,000 messages delivered. out_of is what stands behind the last 7 days: the messages of a rate, the
--   orders of the revenue. Revenue of the last 7 days still grows, so a small fall may only be late orders.
WITH
--# include fragments/complete_days.sql
    ,
--# include fragments/two_weeks.sql
SELECT
    weeks.account AS account,
    line.2 AS measure,
    if(isFinite(line.3), line.3, NULL) AS last_7_days,
    if(isFinite(line.4), line.4, NULL) AS previous_7_days,
    if(weeks.is_comparable AND isFinite(line.3 / line.4), 100 * (line.3 / line.4 - 1), NULL) AS change_pct,
    if(isFinite(line.5), line.5, NULL) AS out_of,
    if(isFinite(line.6), line.6, NULL) AS out_of_before,
    count() OVER (PARTITION BY account) AS of_rows
FROM account_weeks AS weeks
ARRAY JOIN [
    (1, 'revenue', weeks.revenue_now, weeks.revenue_before, weeks.converted_now, weeks.converted_before),
    (2, 'messages sent', weeks.sent_now, weeks.sent_before, nan, nan),
    (3, 'conversions', weeks.converted_now, weeks.converted_before, nan, nan),
    (4, 'open rate %', weeks.open_rate_now, weeks.open_rate_before, weeks.openable_now, weeks.openable_before),
    (5, 'click rate %', weeks.click_rate_now, weeks.click_rate_before, weeks.reached_now, weeks.reached_before),
    (6, 'conversion rate %', weeks.conversion_rate_now, weeks.conversion_rate_before,
        weeks.reached_now, weeks.reached_before),
    (7, 'revenue per 1000', weeks.value_now, weeks.value_before, weeks.reached_now, weeks.reached_before)
] AS line
ORDER BY
    account,
    line.1
LIMIT {limit:UInt16} BY account
