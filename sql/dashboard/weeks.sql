-- One row is one week, Monday to Sunday: revenue of campaigns and of flows.
WITH
--# include fragments/messages.sql
SELECT
    toDateTime(toMonday(messages.day), 'UTC') AS time,
    round(sumIf(messages.money, messages.kind = 'campaign'), 2) AS campaigns,
    round(sumIf(messages.money, messages.kind = 'flow'), 2) AS flows
FROM messages
GROUP BY time
ORDER BY time
