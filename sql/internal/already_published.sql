-- One row is one account with every asked table done for this as_of and start within the last day.
SELECT l.klaviyo_public_id AS klaviyo_public_id
FROM ai_refresh_log AS l FINAL
WHERE l.table_name IN {tables:Array(String)}
    AND l.as_of = {as_of:Date}
    AND l.window_start IN ({start:Date}, toMonday({start:Date}))
    AND l.state IN ('published', 'dropped')
    AND l.started_at > toDateTime({updated_at:UInt32}) - INTERVAL 1 DAY
GROUP BY l.klaviyo_public_id
HAVING uniqExact(l.table_name) = length({tables:Array(String)})
ORDER BY klaviyo_public_id
