-- One row is one account that left, with its last state: forgotten (its sources bring it back), or ignored (runs of all
-- accounts leave it out until somebody refreshes it by name).
SELECT
    entry.klaviyo_public_id AS klaviyo_public_id,
    argMax(entry.state, (entry.started_at, entry.updated_at)) AS last_state
FROM ai_refresh_log AS entry
GROUP BY entry.klaviyo_public_id
HAVING last_state IN ('forgotten', 'ignored')
ORDER BY klaviyo_public_id
