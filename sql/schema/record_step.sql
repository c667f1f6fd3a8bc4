-- Records one applied migration.
INSERT INTO ai_schema_ledger (version, name, checksum, applied_at, aiviews_version)
SELECT <<version>>, <<name>>, <<checksum>>, now64(3), <<aiviews_version>>
