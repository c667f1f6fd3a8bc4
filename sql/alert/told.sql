-- One row is one topic of one destination: what was told of it last
SELECT
    told.destination AS destination,
    told.topic AS topic,
    told.klaviyo_public_id AS klaviyo_public_id,
    told.turn AS turn,
    toString(told.change) AS change,
    toString(told.kind) AS kind,
    toString(told.severity) AS severity,
    told.store AS store,
    toDate(told.made_at) AS told_on
FROM ai_alert_outbox AS told FINAL
ORDER BY told.destination, told.topic, told.turn DESC, told.change = 'closed' DESC
LIMIT 1 BY told.destination, told.topic
