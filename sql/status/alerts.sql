-- One row is one destination of alerts that has not taken everything: what waits for it, and why
SELECT
    waiting.destination AS destination,
    uniqExactIf(waiting.message_id, waiting.state != 'given_up') AS messages_waiting,
    uniqExactIf(waiting.message_id, waiting.state = 'given_up') AS messages_given_up,
    toString(min(waiting.made_at)) AS waiting_since,
    toUInt32(max(waiting.tries)) AS tries,
    argMax(waiting.error, waiting.updated_at) AS error
FROM ai_alert_outbox AS waiting FINAL
-- A run that is at it has no error yet. Who is in no config file any more gets nothing, and is told of for a week.
WHERE waiting.made_at >= now() - INTERVAL 15 DAY
    AND
    (
        waiting.state IN ('waiting', 'sending') AND waiting.made_at >= now() - INTERVAL 8 DAY
        AND (waiting.error != '' OR waiting.updated_at < now() - INTERVAL 1 HOUR)
        OR waiting.state = 'given_up' AND waiting.updated_at >= now() - INTERVAL 7 DAY
    )
GROUP BY waiting.destination
ORDER BY destination
