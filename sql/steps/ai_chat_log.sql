-- Adds to ai_chat_log, as older versions of aiviews made it, who asked and by which statements.
ALTER TABLE ai_chat_log
    ADD COLUMN IF NOT EXISTS user_id String
        COMMENT 'Person who asked, as far as the client tells it, empty otherwise'
        AFTER prompt,
    ADD COLUMN IF NOT EXISTS query_ids Array(String)
        COMMENT 'Ids of the statements of the call, to be looked up in the query log of the server'
        AFTER user_id
