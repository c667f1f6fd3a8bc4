-- One row is a day of a model and a prompt: its turns, their tokens, cost and scores
CREATE OR REPLACE VIEW ai_model_performance
(
    usage_date Date
        COMMENT 'Day, by the server clock, of imported turns by their own',
    model String
        COMMENT 'Model, empty where it was not told',
    prompt String
        COMMENT 'Prompt template and its version that the conversation began with, empty without one',
    turns UInt64
        COMMENT 'Turns that were told or imported',
    errors UInt64
        COMMENT 'Turns that failed',
    input_tokens UInt64
        COMMENT 'Tokens that the model read, as far as told',
    output_tokens UInt64
        COMMENT 'Tokens that the model wrote, as far as told',
    cost Float64
        COMMENT 'Cost of the turns whose price is known, in the currency of the prices file',
    turns_without_cost UInt64
        COMMENT 'Turns whose cost is unknown: it is not in cost',
    scored UInt64
        COMMENT 'Turns that have a score',
    score_sum Float64
        COMMENT 'Sum of the scores, each from 0 (wrong) to 1 (right): divide it by scored',
    wrong UInt64
        COMMENT 'Scored turns below 0.5',
    corrections UInt64
        COMMENT 'Turns about which somebody said what was wrong'
)
AS
WITH entries AS (
    SELECT
        toDate(l.time) AS usage_date,
        toString(l.gen_ai_request_model) AS model,
        l.prompt AS prompt,
        l.error != '' AS is_failed,
        ifNull(l.gen_ai_usage_input_tokens, 0) AS input_tokens,
        ifNull(l.gen_ai_usage_output_tokens, 0) AS output_tokens,
        l.cost AS cost,
        l.score AS score,
        l.correction AS correction
    FROM ai_chat_log AS l
    WHERE l.kind = 'turn'
)
SELECT
    e.usage_date AS usage_date,
    e.model AS model,
    e.prompt AS prompt,
    count() AS turns,
    countIf(e.is_failed) AS errors,
    sum(e.input_tokens) AS input_tokens,
    sum(e.output_tokens) AS output_tokens,
    ifNull(sum(e.cost), 0) AS cost,
    countIf(isNull(e.cost)) AS turns_without_cost,
    countIf(isNotNull(e.score)) AS scored,
    ifNull(sum(e.score), 0) AS score_sum,
    countIf(ifNull(e.score, 1) < 0.5) AS wrong,
    countIf(e.correction != '') AS corrections
FROM entries AS e
GROUP BY e.usage_date, e.model, e.prompt
COMMENT 'Models that answered: one row is a day of a model and a prompt. For operators.'
