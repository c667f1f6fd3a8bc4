-- One row is one measure: the last 7 complete days against the 7 before, all channels, campaigns and flows.
-- question: How were the last 7 days against the 7 days before
-- parameter: limit UInt16 1..1000 = 10: rows per account
-- answer: Two equal windows of 7 complete days, today is in neither. change_pct is relative: from 20 to 25 is +25 %,
--   for rates too. It is empty where the days before have nothing to compare with, or the account began within them.
--   Rates are percent of the messages delivered, the open rate counts only channels that track opens. Revenue of the
--   last 7 days still grows, so a small fall may only be late orders.
WITH
--# include fragments/complete_days.sql
    ,
--# include fragments/two_weeks.sql
SELECT
    weeks.account AS account,
    line.2 AS measure,
    if(isFinite(line.3), round(line.3, 2), NULL) AS last_7_days,
    if(isFinite(line.4), round(line.4, 2), NULL) AS previous_7_days,
    if(weeks.is_comparable AND isFinite(line.3 / line.4), round(100 * (line.3 / line.4 - 1), 1), NULL) AS change_pct
FROM account_weeks AS weeks
ARRAY JOIN [
    (1, 'revenue', weeks.revenue_now, weeks.revenue_before),
    (2, 'messages sent', weeks.sent_now, weeks.sent_before),
    (3, 'conversions', weeks.converted_now, weeks.converted_before),
    (4, 'open rate %', weeks.open_rate_now, weeks.open_rate_before),
    (5, 'click rate %', weeks.click_rate_now, weeks.click_rate_before),
    (6, 'conversion rate %', weeks.conversion_rate_now, weeks.conversion_rate_before)
] AS line
ORDER BY
    account,
    line.1
LIMIT {limit:UInt16} BY account
