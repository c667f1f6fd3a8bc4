-- One row is a call that took long, with the ids of its statements in the query log
SELECT
    toString(l.time, 'UTC') AS time,
    l.token_name AS token_name,
    l.gen_ai_tool_name AS tool,
    substringUTF8(if(l.question = '', l.statement, l.question), 1, 300) AS asked,
    l.duration_ms AS duration_ms,
    l.query_ids AS query_ids
FROM ai_chat_log AS l
WHERE l.kind = 'call'
    AND l.time >= now64(3) - toIntervalSecond({since_seconds:UInt32})
    AND l.duration_ms >= {slow_ms:UInt64}
ORDER BY l.duration_ms DESC, l.time DESC
LIMIT 10
