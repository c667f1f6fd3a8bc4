-- One row is something that was asked and had no answer, or a wrong one: what to build next
SELECT
    if(l.question = '', l.statement, l.question) AS asked,
    anyLast(if(l.error = '', l.correction, l.error)) AS error,
    count() AS times
FROM ai_chat_log AS l
WHERE l.time >= now64(3) - toIntervalSecond({since_seconds:UInt32})
    AND l.kind IN ('call', 'turn')
    AND (l.error != '' OR ifNull(l.score, 1) < 0.5)
    AND (l.question != '' OR l.statement != '')
GROUP BY asked
ORDER BY times DESC, asked
LIMIT 20
