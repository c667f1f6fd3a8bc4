-- A row is a settings profile that names whom it is for
SELECT
    p.name AS profile,
    p.apply_to_all AS for_all,
    p.apply_to_list AS for_these,
    p.apply_to_except AS not_for
FROM system.settings_profiles AS p
WHERE p.apply_to_all OR notEmpty(p.apply_to_list)
ORDER BY p.name
