-- One row is one piece of news that is not delivered yet
SELECT
    waiting.destination AS destination,
    waiting.klaviyo_public_id AS klaviyo_public_id,
    waiting.topic AS topic,
    waiting.turn AS turn,
    toString(waiting.change) AS change,
    waiting.alert_id AS alert_id,
    waiting.message_id AS message_id,
    toString(waiting.kind) AS kind,
    toString(waiting.severity) AS severity,
    waiting.store AS store,
    waiting.words AS words,
    toString(waiting.state) AS state,
    waiting.unsure AS unsure,
    waiting.tries AS tries,
    waiting.error AS error,
    waiting.made_at AS made_at,
    waiting.next_try_at AS next_try_at,
    waiting.updated_at AS updated_at,
    waiting.version AS version
FROM ai_alert_outbox AS waiting FINAL
WHERE waiting.state IN ('waiting', 'sending')
ORDER BY waiting.made_at, waiting.message_id, waiting.klaviyo_public_id, waiting.topic, waiting.turn, waiting.change
