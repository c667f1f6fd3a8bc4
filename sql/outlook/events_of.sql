-- One row is one event of the asked accounts, or of the source, that has not closed before this day.
SELECT
    event.event_id AS event_id,
    event.klaviyo_public_id AS klaviyo_public_id,
    event.send_channel AS send_channel,
    toString(event.metric) AS metric,
    toString(event.kind) AS kind,
    event.subject AS subject,
    toString(event.severity) AS severity,
    event.opened_on AS opened_on,
    event.last_seen_on AS last_seen_on,
    event.closed_on AS closed_on,
    event.days AS days,
    event.observed AS observed,
    event.expected AS expected,
    event.expected_low AS expected_low,
    event.expected_high AS expected_high,
    event.money_at_stake AS money_at_stake,
    event.words AS words,
    event.reason AS reason,
    event.updated_at AS updated_at
FROM ai_anomaly_events AS event FINAL
WHERE (event.klaviyo_public_id IN {accounts:Array(String)} OR event.klaviyo_public_id = '')
    AND (isNull(event.closed_on) OR event.closed_on >= {kept_from:Date})
ORDER BY event.klaviyo_public_id, event.opened_on, event.event_id
