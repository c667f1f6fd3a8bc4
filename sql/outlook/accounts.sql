-- One row is one account whose newest refresh of channel_performance_daily is for this date, and ended well, with the
-- newest day whose news that refresh could know. For a past date that is that date itself where the sources had nothing
-- newer to say, else the day of the run.
SELECT
    newest.account AS account,
    if(newest.run.3 < {made_on:Date} + 1 AND newest.run.3 > toDate('1970-01-01'), {made_on:Date}, {today:Date})
        AS known_on
FROM
(
    SELECT
        entry.klaviyo_public_id AS account,
        argMax((entry.state, entry.as_of, toDate(entry.newest_source_update)), (entry.started_at, entry.updated_at))
            AS run
    FROM ai_refresh_log AS entry
    WHERE entry.table_name = 'channel_performance_daily'
        AND (empty({accounts:Array(String)}) OR entry.klaviyo_public_id IN {accounts:Array(String)})
        AND entry.started_at >= toDateTime({now:UInt32}) - INTERVAL 2 DAY
    GROUP BY entry.klaviyo_public_id
) AS newest
WHERE newest.run.1 = 'published' AND newest.run.2 = {made_on:Date}
ORDER BY account
