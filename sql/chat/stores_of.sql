-- A row is the name or the currency of one of the asked accounts, as people told it
SELECT
    n.klaviyo_public_id AS klaviyo_public_id,
    toString(n.kind) AS kind,
    n.text AS text
FROM ai_notes AS n FINAL
WHERE n.klaviyo_public_id IN {accounts:Array(String)} AND n.kind IN ('store_name', 'currency')
