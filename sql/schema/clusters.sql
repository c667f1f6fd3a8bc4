-- One row is the name of a cluster that this server knows.
SELECT DISTINCT c.cluster AS name
FROM system.clusters AS c
ORDER BY name
