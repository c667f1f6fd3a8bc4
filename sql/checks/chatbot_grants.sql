-- A row is a grant to a user or a role: what it allows, and where (empty = everywhere)
SELECT
    ifNull(g.user_name, '') AS to_user,
    ifNull(g.role_name, '') AS to_role,
    toString(g.access_type) AS access,
    ifNull(g.database, '') AS database_name,
    ifNull(g.table, '') AS object_name,
    g.grant_option AS is_passed_on
FROM system.grants AS g
WHERE NOT g.is_partial_revoke
ORDER BY to_user, to_role, database_name, object_name, access
