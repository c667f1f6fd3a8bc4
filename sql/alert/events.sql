-- One row is one anomaly event that is open, or was over a short while ago
SELECT
    event.event_id AS event_id,
    event.klaviyo_public_id AS klaviyo_public_id,
    event.send_channel AS send_channel,
    toString(event.metric) AS metric,
    toString(event.kind) AS kind,
    toString(event.severity) AS severity,
    event.opened_on AS opened_on,
    event.last_seen_on AS last_seen_on,
    event.closed_on AS closed_on,
    event.days AS days,
    event.observed AS observed,
    event.expected AS expected,
    event.words AS words,
    event.reason AS reason
FROM ai_anomaly_events AS event FINAL
WHERE isNull(event.closed_on) OR event.closed_on > {today:Date} - {days:UInt16}
ORDER BY event.klaviyo_public_id, event.opened_on, event.event_id
