-- Adds to ai_refresh_log, as older versions of aiviews made it, how far the sources reached.
ALTER TABLE ai_refresh_log
    ADD COLUMN IF NOT EXISTS newest_source_date Date
        COMMENT 'Newest day that the sources of this table had of the account, 1970-01-01 if none or not looked up'
        AFTER updated_at,
    ADD COLUMN IF NOT EXISTS newest_source_update DateTime64(3)
        COMMENT 'Newest last_updated of the source rows that were there to read, 1970-01-01 if none or not looked up'
        AFTER newest_source_date,
    ADD COLUMN IF NOT EXISTS sources_end Date
        COMMENT 'Newest day that any account had in any source, 1970-01-01 if the run looked at some accounts only'
        AFTER newest_source_update
