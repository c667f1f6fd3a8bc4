-- One row is a call of a tool by a chatbot, a prompt that it took, or a turn that its side told about
CREATE TABLE IF NOT EXISTS ai_chat_log
(
    time DateTime64(3) DEFAULT now64(3)
        COMMENT 'When the row was written, by the server clock, at most a second after the call',
    kind LowCardinality(String)
        COMMENT 'call, prompt, turn (what the model side told about an answer) or budget (a share was reached)',
    gen_ai_conversation_id String
        COMMENT 'Id of the conversation, where the client tells one',
    token_name LowCardinality(String)
        COMMENT 'Name of the token that called, stdio without tokens',
    client_name LowCardinality(String)
        COMMENT 'Name and version of the client program',
    klaviyo_public_ids Array(String)
        COMMENT 'Klaviyo accounts (public ids) that it was about, empty for all',
    gen_ai_tool_name LowCardinality(String)
        COMMENT 'Tool that was called',
    question String
        COMMENT 'Question that was asked by its name, what feedback is about, or which budget',
    statement String
        COMMENT 'SQL statement, or its hash where statements are not kept',
    verdict LowCardinality(String)
        COMMENT 'passed, or wall and rule that refused the statement, empty without one',
    rows UInt64
        COMMENT 'Rows that were shown, of a budget the percent that were reached',
    payload_tokens UInt64
        COMMENT 'Tokens of the answer, as o200k_base counts them',
    duration_ms UInt64
        COMMENT 'Milliseconds that the call took',
    run_id String
        COMMENT 'What the ids of its statements begin with in the query log, or otlp and the ids of an imported turn',
    error String
        COMMENT 'Why there was no answer, empty otherwise',
    gen_ai_request_model LowCardinality(String)
        COMMENT 'Model, of a turn',
    gen_ai_usage_input_tokens Nullable(UInt64)
        COMMENT 'Tokens that the model read, null if not told',
    gen_ai_usage_output_tokens Nullable(UInt64)
        COMMENT 'Tokens that the model wrote, null if not told',
    cost Nullable(Float64)
        COMMENT 'Cost of the turn in the currency of the prices file, null if the price is unknown',
    input_price Nullable(Float64)
        COMMENT 'Price of a million tokens in that the cost was computed with, null if unknown',
    output_price Nullable(Float64)
        COMMENT 'Price of a million tokens out that the cost was computed with, null if unknown',
    score Nullable(Float64)
        COMMENT 'Feedback from 0 (wrong) to 1 (right), null if none',
    correction String
        COMMENT 'What was wrong, in the words of the feedback',
    prompt String
        COMMENT 'Prompt template and its version that the conversation began with, such as weekly_review@1',
    user_id String
        COMMENT 'Person who asked, as far as the client tells it, empty otherwise',
    query_ids Array(String)
        COMMENT 'Ids of the statements of the call, to be looked up in the query log of the server'
)
ENGINE = MergeTree()
PARTITION BY toYYYYMM(time)
ORDER BY (time, kind)
TTL toDateTime(time) + INTERVAL 400 DAY
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1
COMMENT 'Chat log: one row is a call by a chatbot, a prompt, or a turn that its side told about. Kept for 400 days.'
