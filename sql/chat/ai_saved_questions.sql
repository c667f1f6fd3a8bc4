-- One row is a question that somebody saved
CREATE TABLE IF NOT EXISTS ai_saved_questions
(
    owner String
        COMMENT 'Name of the token that saved it and may ask it',
    name String
        COMMENT 'Name by which it is asked',
    question String
        COMMENT 'The question in words',
    statement String
        COMMENT 'SQL statement, checked anew each time that it is asked',
    saved_at DateTime64(3) DEFAULT now64(3)
        COMMENT 'When it was saved: of the rows of one key the newest counts'
)
ENGINE = ReplacingMergeTree(saved_at)
ORDER BY (owner, name)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1
COMMENT 'Saved questions: one row is a question that somebody saved. Read it with FINAL.'
