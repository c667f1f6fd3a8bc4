-- One row is one account whose newest refresh of channel_performance_daily is for this date, and ended well.
SELECT entry.klaviyo_public_id AS account
FROM ai_refresh_log AS entry
WHERE entry.table_name = 'channel_performance_daily'
    AND (empty({accounts:Array(String)}) OR entry.klaviyo_public_id IN {accounts:Array(String)})
    AND entry.started_at >= toDateTime({now:UInt32}) - INTERVAL 2 DAY
GROUP BY entry.klaviyo_public_id
HAVING argMax((entry.state, entry.as_of), (entry.started_at, entry.updated_at)) = ('published', {made_on:Date})
ORDER BY account
