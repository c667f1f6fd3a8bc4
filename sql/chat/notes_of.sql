-- A row is something that people told about one of the asked accounts
SELECT
    n.klaviyo_public_id AS klaviyo_public_id,
    toString(n.kind) AS kind,
    n.text AS text,
    toString(toDate(n.noted_at)) AS noted_on
FROM ai_notes AS n FINAL
WHERE n.klaviyo_public_id IN {accounts:Array(String)}
ORDER BY n.klaviyo_public_id, n.kind, n.noted_at DESC
LIMIT 20 BY n.klaviyo_public_id, n.kind
