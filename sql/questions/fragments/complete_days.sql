    -- One row is one asked account: the last day that was over when its newest row was last refreshed (a refresh of
    -- older dates alone makes nothing newer complete), and its first day of all.
    complete_days AS
    (
        SELECT
            refreshed.klaviyo_public_id AS account,
            least(today(), toDate(max((refreshed.date, refreshed.updated_at)).2)) - 1 AS last_day,
            min(refreshed.date) AS first_day
        FROM channel_performance_daily AS refreshed
        WHERE refreshed.klaviyo_public_id IN {accounts:Array(String)}
        GROUP BY refreshed.klaviyo_public_id
    )
