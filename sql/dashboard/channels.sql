-- One row is one channel over the days shown.
WITH
--# include fragments/messages.sql
SELECT
    messages.channel AS channel,
    round(sum(messages.money), 2) AS revenue,
    sum(messages.reached) AS delivered,
    if(delivered > 0, round(1000 * sum(messages.money) / delivered, 2), NULL) AS revenue_per_1000,
    -- A channel that tracks no opens has no rate.
    if(sum(messages.openers) > 0.01 * delivered, round(100 * sum(messages.openers) / delivered, 1), NULL)
        AS open_rate_pct,
    if(delivered > 0, round(100 * sum(messages.clickers) / delivered, 2), NULL) AS click_rate_pct
FROM messages
GROUP BY channel
ORDER BY revenue DESC
