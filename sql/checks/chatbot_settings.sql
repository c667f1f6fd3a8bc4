-- A row is a setting of a user, a role or a profile with its bounds, or a profile that it inherits
SELECT
    ifNull(s.user_name, '') AS of_user,
    ifNull(s.role_name, '') AS of_role,
    ifNull(s.profile_name, '') AS of_profile,
    ifNull(s.setting_name, '') AS setting,
    ifNull(s.value, '') AS value,
    ifNull(s.min, '') AS lowest,
    ifNull(s.max, '') AS highest,
    ifNull(toString(s.writability), '') AS writability,
    ifNull(s.inherit_profile, '') AS inherits
FROM system.settings_profile_elements AS s
WHERE s.setting_name IN ('readonly', 'max_execution_time', 'max_result_rows', 'max_memory_usage')
    OR s.inherit_profile IS NOT NULL
ORDER BY of_user, of_role, of_profile, s.index
