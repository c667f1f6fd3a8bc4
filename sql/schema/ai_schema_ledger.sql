-- One row is one migration that was applied to this database.
CREATE TABLE IF NOT EXISTS ai_schema_ledger
(
    version UInt32
        COMMENT 'Number of the migration: migrations are applied in this order',
    name String
        COMMENT 'Name of the migration',
    checksum String
        COMMENT 'SHA-256 of the text of the migration, in hexadecimal: an applied migration must not change',
    applied_at DateTime64(3)
        COMMENT 'When it was applied, by the server clock',
    aiviews_version String
        COMMENT 'Version of aiviews that applied it'
)
ENGINE = ReplacingMergeTree(applied_at)
ORDER BY version
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1
COMMENT 'Schema ledger: one row is one migration that was applied to this database. Read it with FINAL.'
