-- One row is a day, account, model, question or token: its calls, their cost and how good the answers were
WITH entries AS (
    SELECT
        l.*,
        multiIf(
            {by:String} = 'day', toString(toDate(l.time)),
            {by:String} = 'account', arrayStringConcat(l.klaviyo_public_ids, ' '),
            {by:String} = 'model', toString(l.gen_ai_request_model),
            {by:String} = 'question', if(l.question = '', toString(l.gen_ai_tool_name), l.question),
            toString(l.token_name)
        ) AS group_name
    FROM ai_chat_log AS l
    WHERE l.kind != 'budget' AND l.time >= now64(3) - toIntervalSecond({since_seconds:UInt32})
)
SELECT
    e.group_name AS name,
    countIf(e.kind = 'call') AS calls,
    sum(e.payload_tokens) AS answer_tokens,
    sum(e.gen_ai_usage_input_tokens) AS input_tokens,
    sum(e.gen_ai_usage_output_tokens) AS output_tokens,
    sum(e.cost) AS cost,
    quantileExactIf(0.5)(e.duration_ms, e.kind = 'call') AS p50_ms,
    quantileExactIf(0.95)(e.duration_ms, e.kind = 'call') AS p95_ms,
    countIf(e.verdict NOT IN ('', 'passed')) AS refusals,
    countIf(e.error != '' AND e.verdict IN ('', 'passed')) AS errors,
    countIf(isNotNull(e.score)) AS feedback,
    round(avg(e.score), 2) AS mean_score
FROM entries AS e
GROUP BY e.group_name
ORDER BY if({by:String} = 'day', name, '') DESC, calls DESC, name
LIMIT 1000
