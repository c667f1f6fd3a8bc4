-- One row is one object of this database that has the name of a source but was not made by seed: seed then stops.
SELECT
    found.name AS name,
    found.engine AS engine
FROM system.tables AS found
WHERE found.database = currentDatabase()
    AND found.name IN (
        'campaign_statistics', 'flow_statistics', 'form_statistics', 'segment_statistics',
        'campaign_statistics_latest', 'flow_statistics_latest', 'form_statistics_latest', 'segment_statistics_latest')
    AND NOT startsWith(found.comment, 'made by aiviews seed')
ORDER BY found.name
