-- One row: free bytes on the roomiest of the disks that hold a table, and how many disks those are.
SELECT
    max(d.unreserved_space) AS free_bytes,
    count() AS disk_count
FROM system.disks AS d
WHERE arrayExists(
    path -> startsWith(path, d.path),
    (
        SELECT any(t.data_paths)
        FROM system.tables AS t
        WHERE (t.database = currentDatabase()) AND (t.name = {table:String})
    )
)
