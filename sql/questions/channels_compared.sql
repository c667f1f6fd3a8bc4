-- One row is one channel, campaigns and flows together, over a number of complete days.
-- question: How do email, SMS and push compare
-- parameter: days UInt16 1..3650 = 30: complete days to look back
-- parameter: limit UInt16 1..1000 = 10: rows per account, those with the most revenue
-- decimals: revenue 2, share_pct 1, open_rate_pct 1, click_rate_pct 2, revenue_per_1000 2
-- money: revenue, revenue_per_1000
-- answer: Most revenue first. share_pct is the channel's part of the account's revenue. Rates are percent of the
--   messages delivered, the open rate is empty where the channel does not track opens. revenue_per_1000 is the revenue
--   per 1,000 messages delivered. The channel with more of it is not the better one: campaigns and flows are together
--   here, and what messages cost is not in the data. Revenue of the newest 7 days still grows.
WITH
--# include fragments/complete_days.sql
SELECT
    daily.klaviyo_public_id AS account,
    daily.send_channel AS channel,
    sum(toInt128(round(daily.total_revenue * 1000000))) / 1000000 AS revenue,
    ifNotFinite(100 * sum(toInt128(round(daily.total_revenue * 1000000)))
        / sum(sum(toInt128(round(daily.total_revenue * 1000000)))) OVER (PARTITION BY daily.klaviyo_public_id), 0)
        AS share_pct,
    sum(daily.total_delivered) AS delivered,
    -- One stray open makes no channel of opens.
    if(100 * sum(daily.total_opens_unique) >= sum(daily.total_delivered) AND sum(daily.total_delivered) > 0,
        100 * sum(daily.total_opens_unique) / sum(daily.total_delivered), NULL) AS open_rate_pct,
    if(sum(daily.total_delivered) > 0,
        100 * sum(daily.total_clicks_unique) / sum(daily.total_delivered), NULL) AS click_rate_pct,
    if(sum(daily.total_delivered) > 0,
        sum(toInt128(round(daily.total_revenue * 1000000))) / 1000 / sum(daily.total_delivered), NULL)
        AS revenue_per_1000,
    count() OVER (PARTITION BY daily.klaviyo_public_id) AS of_rows
FROM channel_performance_daily AS daily FINAL
ALL INNER JOIN complete_days ON complete_days.account = daily.klaviyo_public_id
WHERE
    daily.klaviyo_public_id IN {accounts:Array(String)}
    AND daily.date > complete_days.last_day - {days:UInt16}
    AND daily.date <= complete_days.last_day
GROUP BY
    daily.klaviyo_public_id,
    daily.send_channel
ORDER BY
    account,
    revenue DESC,
    channel
LIMIT {limit:UInt16} BY account
