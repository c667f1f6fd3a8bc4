-- One row is one budget of a chatbot: the share of it that was reached last
SELECT
    log.question AS budget,
    argMax(arrayElement(log.klaviyo_public_ids, 1), log.time) AS klaviyo_public_id,
    argMax(log.rows, log.time) AS percent,
    toDate(max(log.time)) AS reached_on
FROM ai_chat_log AS log
WHERE log.kind = 'budget' AND log.time >= toDateTime({today:Date}) - toIntervalDay({days:UInt16})
GROUP BY log.question
ORDER BY budget
