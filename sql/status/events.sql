-- One row: how many anomaly events are open, by severity.
SELECT
    countIf(event.severity = 'critical') AS critical,
    countIf(event.severity = 'high') AS high,
    countIf(event.severity = 'medium') AS medium,
    countIf(event.severity = 'low') AS low
FROM ai_anomaly_events AS event FINAL
WHERE isNull(event.closed_on)
