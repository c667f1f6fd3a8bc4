-- One row is a day of a token and the accounts that it asked about together: calls, tokens, cost, errors
CREATE OR REPLACE VIEW ai_usage_daily
(
    usage_date Date
        COMMENT 'Day, by the server clock',
    token_name String
        COMMENT 'Name of the token that called, stdio without tokens',
    klaviyo_public_ids Array(String)
        COMMENT 'Klaviyo accounts (public ids) that were asked about together, empty for all or none',
    conversations UInt64
        COMMENT 'Conversations that have an id',
    calls UInt64
        COMMENT 'Calls of tools',
    refusals UInt64
        COMMENT 'Calls that the guard or a budget refused',
    errors UInt64
        COMMENT 'Calls and turns that failed in another way',
    answer_tokens UInt64
        COMMENT 'Tokens of all answers, as o200k_base counts them',
    turns UInt64
        COMMENT 'Turns of a model that were told or imported',
    input_tokens UInt64
        COMMENT 'Tokens that models read, as far as told',
    output_tokens UInt64
        COMMENT 'Tokens that models wrote, as far as told',
    cost Float64
        COMMENT 'Cost of the turns whose price is known, in the currency of the prices file',
    turns_without_cost UInt64
        COMMENT 'Turns whose cost is unknown: it is not in cost',
    p50_ms UInt64
        COMMENT 'Median milliseconds of a call, 0 without calls: do not average it',
    p95_ms UInt64
        COMMENT 'Milliseconds that 95 of 100 calls take at most, 0 without calls: do not average it',
    scored UInt64
        COMMENT 'Turns that have a score',
    score_sum Float64
        COMMENT 'Sum of the scores, each from 0 (wrong) to 1 (right): divide it by scored'
)
AS
WITH entries AS (
    SELECT
        toDate(l.time) AS usage_date,
        toString(l.token_name) AS token_name,
        arraySort(l.klaviyo_public_ids) AS klaviyo_public_ids,
        l.kind AS kind,
        l.gen_ai_conversation_id AS conversation_id,
        l.verdict NOT IN ('', 'passed') AS is_refused,
        l.error != '' AS is_failed,
        l.payload_tokens AS payload_tokens,
        l.duration_ms AS duration_ms,
        ifNull(l.gen_ai_usage_input_tokens, 0) AS input_tokens,
        ifNull(l.gen_ai_usage_output_tokens, 0) AS output_tokens,
        l.cost AS cost,
        l.score AS score
    FROM ai_chat_log AS l
    WHERE l.kind IN ('call', 'turn')
)
SELECT
    e.usage_date AS usage_date,
    e.token_name AS token_name,
    e.klaviyo_public_ids AS klaviyo_public_ids,
    uniqExactIf(e.conversation_id, e.conversation_id != '') AS conversations,
    countIf(e.kind = 'call') AS calls,
    countIf(e.kind = 'call' AND e.is_refused) AS refusals,
    countIf(e.is_failed AND NOT e.is_refused) AS errors,
    sum(e.payload_tokens) AS answer_tokens,
    countIf(e.kind = 'turn') AS turns,
    sum(e.input_tokens) AS input_tokens,
    sum(e.output_tokens) AS output_tokens,
    ifNull(sum(e.cost), 0) AS cost,
    countIf(e.kind = 'turn' AND isNull(e.cost)) AS turns_without_cost,
    quantileExactIf(0.5)(e.duration_ms, e.kind = 'call') AS p50_ms,
    quantileExactIf(0.95)(e.duration_ms, e.kind = 'call') AS p95_ms,
    countIf(isNotNull(e.score)) AS scored,
    ifNull(sum(e.score), 0) AS score_sum
FROM entries AS e
GROUP BY e.usage_date, e.token_name, e.klaviyo_public_ids
COMMENT 'Use of the chatbot: one row is a day of a token and the accounts it asked about together. For operators.'
