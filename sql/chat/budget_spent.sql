-- One row: since when a budget's period runs, what was spent in it, and the highest share that was told
WITH period_starts AS (
    SELECT multiIf(
        {period:String} = 'day', toStartOfDay(now()),
        {period:String} = 'week', toDateTime(toMonday(now())),
        toDateTime(toStartOfMonth(now()))
    ) AS period_start
)
SELECT
    ifNull((SELECT toString(p.period_start) FROM period_starts AS p), '') AS since,
    countIf(l.kind = 'call' AND l.verdict != 'budget') AS calls,
    ifNull(sum(l.cost), 0) AS money,
    maxIf(l.rows, l.kind = 'budget' AND l.question = {budget:String}) AS told
FROM ai_chat_log AS l
WHERE
    l.time >= (SELECT p.period_start FROM period_starts AS p)
    AND if({account:String} = '', l.token_name = {token:String}, has(l.klaviyo_public_ids, {account:String}))
