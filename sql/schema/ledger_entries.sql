-- One row is one migration that was applied to this database.
SELECT
    entry.version AS version,
    entry.name AS name,
    entry.checksum AS checksum
FROM ai_schema_ledger AS entry FINAL
ORDER BY version
