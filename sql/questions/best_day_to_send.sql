-- One row is one weekday of the account's campaigns: all channels, the 90 days before today.
-- question: What is the best day to send a campaign
-- parameter: kind String campaign|flow = campaign: campaigns, or flows for the days on which flows earn
-- parameter: limit UInt16 1..1000 = 10: rows per account
-- answer: Most revenue per send first, weekdays with fewer than 4 sends come last, and without a comparison, because
--   they say too little. vs_average_pct compares the revenue per send with that of all weekdays together.
SELECT
    pattern.klaviyo_public_id AS account,
    pattern.day_name AS day,
    pattern.total_sends AS sends,
    pattern.avg_revenue AS revenue_per_send,
    -- The revenue per send of all weekdays: a ratio of sums, not a mean of means.
    if(pattern.total_sends >= 4 AND sum(pattern.total_revenue) OVER account_days > 0,
        round(100 * (pattern.total_revenue / pattern.total_sends
            / (sum(pattern.total_revenue) OVER account_days / sum(pattern.total_sends) OVER account_days) - 1)), NULL)
        AS vs_average_pct,
    pattern.avg_click_rate_pct AS click_rate_pct
FROM ai_day_of_week_patterns AS pattern
WHERE pattern.klaviyo_public_id IN {accounts:Array(String)} AND pattern.source = {kind:String}
WINDOW account_days AS (PARTITION BY pattern.klaviyo_public_id)
ORDER BY
    account,
    pattern.total_sends >= 4 DESC,
    revenue_per_send DESC,
    pattern.day_of_week
LIMIT {limit:UInt16} BY account
