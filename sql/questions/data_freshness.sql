-- One row is one account: how far its numbers reach.
-- question: How fresh is the data
-- parameter: limit UInt16 1..1000 = 10: rows per account
-- answer: refreshed_at is the time of the last refresh, by the server's clock. complete_through is the last day that
--   every table has whole: what comes later is missing or unfinished, and no number speaks of it. It is empty where
--   no day is. sources_end is the
--   last day that Klaviyo's data has of an account that had data nearly every day before, and empty where data still
--   arrives. settled_through is the last day whose revenue no longer grows: orders are credited for some days after a
--   message.
WITH
--# include fragments/complete_days.sql,
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
    ),
    -- One row is one account with any rows.
    account_rows AS
    (
        SELECT
            one_row.account AS account,
            max(one_row.refreshed) AS refreshed_at,
            min(one_row.day) AS first_day,
            -- An account may have forms or segments and send nothing: then its own rows have to say it.
            if({published_through:Array(Date)}[indexOf({accounts:Array(String)}, account)] > toDate('1970-01-01'),
                {published_through:Array(Date)}[indexOf({accounts:Array(String)}, account)],
                least(
                    toDate(now(serverTimezone())),
                    toDate(max((one_row.day, one_row.refreshed)).2, serverTimezone())) - 1) AS published_through,
            nullIf({sources_stopped:Array(Date)}[indexOf({accounts:Array(String)}, account)], toDate('1970-01-01'))
                AS sources_stopped
        FROM refreshed_rows AS one_row
        GROUP BY one_row.account
    )
SELECT
    own.account AS account,
    own.refreshed_at AS refreshed_at,
    own.first_day AS first_day,
    -- 1970-01-02: runs have read no day whole.
    nullIf(least(own.published_through, ifNull(sources_end, own.published_through)), toDate('1970-01-02'))
        AS complete_through,
    complete_through - 6 AS settled_through,
    ifNull(days.sources_end, own.sources_stopped) AS sources_end,
    count() OVER (PARTITION BY account) AS of_rows
FROM account_rows AS own
ALL LEFT JOIN complete_days AS days ON days.account = own.account
ORDER BY account
LIMIT {limit:UInt16} BY account
