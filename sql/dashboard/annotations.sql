-- One row is one mark on the time axis: an event from its first day to its last.
SELECT
    toDateTime(event.opened_on, 'UTC') AS time,
    toDateTime(event.last_seen_on, 'UTC') AS timeEnd,
    concat(event.klaviyo_public_id, ': ', event.words) AS text,
    concat(event.severity, ',', event.metric) AS tags
FROM ai_anomaly_events AS event FINAL
WHERE event.klaviyo_public_id IN (${account:sqlstring}) AND $__dateFilter(event.last_seen_on)
ORDER BY time
LIMIT 200
