-- A row is a setting of ours that this server knows: its value for this user, and whether the user cannot change it.
SELECT
    s.name AS name,
    s.value AS value,
    CAST(s.readonly = 1, 'Bool') AS is_fixed
FROM system.settings AS s
WHERE s.name IN {names:Array(String)}
ORDER BY name
