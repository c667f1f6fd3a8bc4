-- One row is one channel of the campaigns, or of the flows: what is usual over 90 days.
-- question: What is usual for my account
-- parameter: limit UInt16 1..1000 = 10: rows per account
-- decimals: open_rate_pct 1, click_rate_pct 2, revenue_per_send 2
-- money: revenue_per_send
-- answer: Means of the 90 days before the last refresh. Rates are percent of the messages delivered, the open rate is
--   empty where the channel does not track opens. revenue_per_send is the mean of a campaign, or of a flow message on a
--   day. Every "vs average" compares with these.
WITH
--# include fragments/complete_days.sql,
    -- The rows of both summary tables, reduced to what they have in common.
    daily_rows AS
    (
        SELECT
            campaign.klaviyo_public_id AS account,
            'campaigns' AS kind,
            campaign.send_channel AS channel,
            campaign.date AS day,
            campaign.campaign_id AS id,
            campaign.recipients AS sent,
            campaign.account_avg_open_rate AS open_rate,
            campaign.account_avg_click_rate AS click_rate,
            campaign.account_avg_revenue AS mean_revenue
        FROM campaign_ai_summary AS campaign FINAL
        WHERE campaign.klaviyo_public_id IN {accounts:Array(String)}
        UNION ALL
        SELECT
            flow.klaviyo_public_id AS account,
            'flows' AS kind,
            flow.send_channel AS channel,
            flow.date AS day,
            flow.flow_id AS id,
            flow.recipients AS sent,
            flow.account_avg_open_rate AS open_rate,
            flow.account_avg_click_rate AS click_rate,
            flow.account_avg_revenue AS mean_revenue
        FROM flow_ai_summary AS flow FINAL
        WHERE flow.klaviyo_public_id IN {accounts:Array(String)}
    )
SELECT
    daily.account AS account,
    daily.kind AS kind,
    daily.channel AS channel,
    -- A campaign of several days is one.
    if(daily.kind = 'campaigns', uniqExactIf(daily.id, daily.sent > 0), count()) AS sends,
    -- The newest row holds the newest benchmark, all rows of a day hold the same.
    if(argMax(daily.open_rate, daily.day) >= toFloat32(0.01), 100 * toFloat64(argMax(daily.open_rate, daily.day)), NULL)
        AS open_rate_pct,
    100 * toFloat64(argMax(daily.click_rate, daily.day)) AS click_rate_pct,
    argMax(daily.mean_revenue, daily.day) AS revenue_per_send,
    count() OVER (PARTITION BY daily.account) AS of_rows
FROM daily_rows AS daily
ALL INNER JOIN complete_days AS days ON days.account = daily.account
-- The window of the benchmark: 90 days that end with the day after the last complete one, that of the refresh.
WHERE daily.day > days.last_day - 89 AND daily.day <= days.last_day + 1
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
