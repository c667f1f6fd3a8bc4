-- One row is one week: who left or complained per 1,000 delivered, and who was not reached per 1,000 sent.
WITH
--# include fragments/messages.sql
SELECT
    toDateTime(toMonday(messages.day), 'UTC') AS time,
    if(sum(messages.reached) > 0, round(1000 * sum(messages.leavers) / sum(messages.reached), 2), NULL) AS unsubscribes,
    if(sum(messages.reached) > 0, round(1000 * sum(messages.complainers) / sum(messages.reached), 2), NULL)
        AS spam_complaints,
    if(sum(messages.sent) > 0, round(1000 * sum(messages.bounces) / sum(messages.sent), 2), NULL) AS bounces
FROM messages
GROUP BY time
ORDER BY time
