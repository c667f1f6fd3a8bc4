-- A row is a role that a user or another role has
SELECT
    ifNull(r.user_name, '') AS to_user,
    ifNull(r.role_name, '') AS to_role,
    r.granted_role_name AS role
FROM system.role_grants AS r
ORDER BY to_user, to_role, role
