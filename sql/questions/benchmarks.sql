-- One row is one channel of the campaigns, or of the flows: what is usual over 90 days.
-- question: What is usual for my account
-- parameter: limit UInt16 1..1000 = 10: rows per account
-- answer: Means of the 90 days before the last refresh. Rates are percent of the messages delivered, the open rate is
--   empty where the channel does not track opens. revenue_per_send is the mean of a campaign, or of a flow message on a
--   day. Every "vs average" compares with these.
WITH
    -- The rows of both summary tables, reduced to what they have in common.
    daily_rows AS
    (
        SELECT
            campaign.klaviyo_public_id AS account,
            'campaigns' AS kind,
            campaign.send_channel AS channel,
            campaign.date AS day,
            campaign.account_avg_open_rate AS open_rate,
            campaign.account_avg_click_rate AS click_rate,
            campaign.account_avg_revenue AS mean_revenue
        FROM campaign_ai_summary AS campaign FINAL
        WHERE campaign.klaviyo_public_id IN {accounts:Array(String)} AND campaign.date > today() - 90
        UNION ALL
        SELECT
            flow.klaviyo_public_id AS account,
            'flows' AS kind,
            flow.send_channel AS channel,
            flow.date AS day,
            flow.account_avg_open_rate AS open_rate,
            flow.account_avg_click_rate AS click_rate,
            flow.account_avg_revenue AS mean_revenue
        FROM flow_ai_summary AS flow FINAL
        WHERE flow.klaviyo_public_id IN {accounts:Array(String)} AND flow.date > today() - 90
    )
SELECT
    daily.account AS account,
    daily.kind AS kind,
    daily.channel AS channel,
    count() AS sends,
    -- The newest row holds the newest benchmark, all rows of a day hold the same.
    nullIf(round(100 * toFloat64(argMax(daily.open_rate, daily.day)), 1), 0) AS open_rate_pct,
    round(100 * toFloat64(argMax(daily.click_rate, daily.day)), 2) AS click_rate_pct,
    round(argMax(daily.mean_revenue, daily.day), 2) AS revenue_per_send
FROM daily_rows AS daily
GROUP BY
    daily.account,
    daily.kind,
    daily.channel
ORDER BY
    account,
    kind,
    sends DESC,
    channel
LIMIT {limit:UInt16} BY account
