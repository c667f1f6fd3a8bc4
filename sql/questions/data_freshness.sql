-- One row is one account: how far its numbers reach.
-- question: How fresh is the data
-- parameter: limit UInt16 1..1000 = 10: rows per account
-- answer: refreshed_at is the time of the last refresh, by the server's clock. complete_through is the last day that
--   was over when the newest date was refreshed, later days are missing or unfinished. settled_through is the last day
--   whose revenue no longer grows: orders are credited for some days after a message.
WITH
    -- One row is one row of a table that says when it was refreshed.
    refreshed_rows AS
    (
        SELECT klaviyo_public_id AS account, date AS day, updated_at AS refreshed
        FROM campaign_ai_summary
        WHERE klaviyo_public_id IN {accounts:Array(String)}
        UNION ALL
        SELECT klaviyo_public_id AS account, date AS day, updated_at AS refreshed
        FROM flow_ai_summary
        WHERE klaviyo_public_id IN {accounts:Array(String)}
        UNION ALL
        SELECT klaviyo_public_id AS account, date AS day, updated_at AS refreshed
        FROM segment_ai_trends
        WHERE klaviyo_public_id IN {accounts:Array(String)}
        UNION ALL
        SELECT klaviyo_public_id AS account, date AS day, updated_at AS refreshed
        FROM form_ai_performance
        WHERE klaviyo_public_id IN {accounts:Array(String)}
    )
SELECT
    one_row.account AS account,
    max(one_row.refreshed) AS refreshed_at,
    min(one_row.day) AS first_day,
    least(today(), toDate(max((one_row.day, one_row.refreshed)).2)) - 1 AS complete_through,
    least(today(), toDate(max((one_row.day, one_row.refreshed)).2)) - 7 AS settled_through
FROM refreshed_rows AS one_row
GROUP BY one_row.account
ORDER BY account
LIMIT {limit:UInt16} BY account
