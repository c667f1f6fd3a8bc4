-- A row is a setting of ours that this server knows.
SELECT name
FROM system.settings
WHERE name IN {names:Array(String)}
ORDER BY name
