-- One row is one event: days of an account that were not as usual.
SELECT
    event.opened_on AS opened_on,
    event.closed_on AS closed_on,
    event.klaviyo_public_id AS account,
    event.severity AS severity,
    event.words AS words,
    event.reason AS reason
FROM ai_anomaly_events AS event FINAL
WHERE event.klaviyo_public_id IN (${account:sqlstring}) AND $__dateFilter(event.last_seen_on)
ORDER BY
    opened_on DESC,
    account,
    words
LIMIT 200
