-- One row is one flow on one channel, all its messages, over a number of complete days.
-- question: Which flows earn the most
-- parameter: days UInt16 1..3650 = 30: complete days to look back
-- parameter: limit UInt16 1..1000 = 10: rows per account, those with the most revenue
-- decimals: open_rate_pct 1, click_rate_pct 2, revenue 2, revenue_per_1000 2
-- money: revenue, revenue_per_1000
-- least: click_rate_pct, delivered
-- answer: Most revenue first. Rates are percent of the messages delivered, the open rate is empty where the channel
--   does not track opens. revenue_per_1000 is revenue per 1,000 messages delivered. Revenue of
--   the newest 7 days still grows.
WITH
--# include fragments/complete_days.sql
SELECT
--# include fragments/flow_sums.sql
FROM flow_ai_summary AS flow FINAL
ALL INNER JOIN complete_days ON complete_days.account = flow.klaviyo_public_id
WHERE
    flow.klaviyo_public_id IN {accounts:Array(String)}
    AND flow.date > complete_days.last_day - {days:UInt16}
    AND flow.date <= complete_days.last_day
GROUP BY
    flow.klaviyo_public_id,
    flow.flow_id,
    flow.send_channel
ORDER BY
    account,
    revenue DESC,
    flow.flow_id,
    channel
LIMIT {limit:UInt16} BY account
