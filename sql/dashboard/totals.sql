-- One row is the account over the days shown: campaigns and flows together.
WITH
--# include fragments/messages.sql
SELECT
    round(sum(messages.money), 2) AS revenue,
    sum(messages.reached) AS delivered,
    if(delivered > 0, round(1000 * sum(messages.money) / delivered, 2), NULL) AS revenue_per_1000,
    if(delivered > 0, round(100 * sum(messages.clickers) / delivered, 2), NULL) AS click_rate_pct,
    if(delivered > 0, round(1000 * sum(messages.leavers) / delivered, 2), NULL) AS unsubscribes_per_1000
FROM messages
