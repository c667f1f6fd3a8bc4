    -- One row is one asked account: the last day that was over when the account was last refreshed.
    complete_days AS
    (
        SELECT
            refreshed.klaviyo_public_id AS account,
            least(today(), toDate(max(refreshed.updated_at))) - 1 AS last_day
        FROM channel_performance_daily AS refreshed
        WHERE refreshed.klaviyo_public_id IN {accounts:Array(String)}
        GROUP BY refreshed.klaviyo_public_id
    )
