-- A row is the id of a turn that was imported before
SELECT DISTINCT l.run_id AS run_id
FROM ai_chat_log AS l
WHERE l.run_id IN {ids:Array(String)}
