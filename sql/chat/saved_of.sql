-- A row is a question that this caller saved
SELECT q.owner AS owner, q.name AS name, q.question AS question, q.statement AS statement
FROM ai_saved_questions AS q FINAL
WHERE q.owner = {owner:String}
ORDER BY q.name
LIMIT 200
