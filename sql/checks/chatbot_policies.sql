-- A row is a row policy on a table of this database, or on all of them (then its table is empty)
SELECT
    p.short_name AS policy_name,
    p.table AS table_name,
    ifNull(p.select_filter, '') AS filter,
    p.apply_to_all AS for_all,
    p.apply_to_list AS for_these,
    p.apply_to_except AS not_for
FROM system.row_policies AS p
WHERE p.database = currentDatabase()
ORDER BY p.table, p.short_name
