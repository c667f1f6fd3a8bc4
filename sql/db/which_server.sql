-- One row: the server that answers.
SELECT
    hostName() AS host_name,
    toString(serverUUID()) AS server_id
