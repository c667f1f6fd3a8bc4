-- One row is one account: how far its numbers reach.
-- question: How fresh is the data
-- parameter: limit UInt16 1..1000 = 10: rows per account
-- answer: refreshed_at is the time of the last refresh, by the server's clock. complete_through is the last day that
--   was over when the newest date was refreshed, later days are missing or unfinished. settled_through is the last day
--   whose revenue no longer grows: orders are credited for some days after a message.
WITH
    -- One row is one account in one table: its last refresh, and its newest date with the time of its refresh.
    table_refreshes AS
    (
        SELECT
            klaviyo_public_id AS account,
            max(updated_at) AS refreshed,
            max((date, updated_at)) AS newest,
            min(date) AS first_day
        FROM campaign_ai_summary
        WHERE klaviyo_public_id IN {accounts:Array(String)}
        GROUP BY klaviyo_public_id
        UNION ALL
        SELECT
            klaviyo_public_id AS account,
            max(updated_at) AS refreshed,
            max((date, updated_at)) AS newest,
            min(date) AS first_day
        FROM flow_ai_summary
        WHERE klaviyo_public_id IN {accounts:Array(String)}
        GROUP BY klaviyo_public_id
        UNION ALL
        SELECT
            klaviyo_public_id AS account,
            max(updated_at) AS refreshed,
            max((date, updated_at)) AS newest,
            min(date) AS first_day
        FROM segment_ai_trends
        WHERE klaviyo_public_id IN {accounts:Array(String)}
        GROUP BY klaviyo_public_id
        UNION ALL
        SELECT
            klaviyo_public_id AS account,
            max(updated_at) AS refreshed,
            max((date, updated_at)) AS newest,
            min(date) AS first_day
        FROM form_ai_performance
        WHERE klaviyo_public_id IN {accounts:Array(String)}
        GROUP BY klaviyo_public_id
    )
SELECT
    refreshes.account AS account,
    max(refreshes.refreshed) AS refreshed_at,
    min(refreshes.first_day) AS first_day,
    least(today(), toDate(max(refreshes.newest).2)) - 1 AS complete_through,
    least(today(), toDate(max(refreshes.newest).2)) - 7 AS settled_through
FROM table_refreshes AS refreshes
GROUP BY refreshes.account
ORDER BY account
LIMIT {limit:UInt16} BY account
