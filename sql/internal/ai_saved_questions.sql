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
COMMENT 'Saved questions: one row is a question that somebody saved. Read it with FINAL.'
