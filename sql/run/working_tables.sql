-- One row is one working table that some run left behind: staging, or a lock put aside.
SELECT t.name AS name
FROM system.tables AS t
WHERE t.database = currentDatabase()
    AND (startsWith(t.name, 'ai_staging_') OR startsWith(t.name, 'ai_refresh_lock_aside_'))
ORDER BY name
