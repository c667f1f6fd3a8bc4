-- One row is something that was asked and had no answer: what to build next
SELECT
    if(l.question = '', l.statement, l.question) AS asked,
    anyLast(l.error) AS error,
    count() AS times
FROM ai_chat_log AS l
WHERE l.time >= now64(3) - toIntervalSecond({since_seconds:UInt32})
    AND l.error != ''
    AND (l.question != '' OR l.statement != '')
GROUP BY asked
ORDER BY times DESC, asked
LIMIT 20
