-- One row: the version that answers, the database that unqualified names live in, which server it is, and whether it
-- sends statements on to others.
SELECT
    version() AS version,
    currentDatabase() AS database_name,
    hostName() AS host_name,
    toString(serverUUID()) AS server_id,
    ifNull((SELECT any(d.engine) FROM system.databases AS d WHERE d.name = currentDatabase()), '') AS database_engine,
    ifNull((SELECT any(s.value) FROM system.settings AS s WHERE s.name = 'cloud_mode'), '') AS cloud_mode
