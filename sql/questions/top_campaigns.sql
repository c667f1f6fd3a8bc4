-- One row is one campaign on one channel, over a number of complete days.
-- question: Which campaigns earned the most in the last month
-- parameter: days UInt16 1..3650 = 30: complete days to look back
-- parameter: limit UInt16 1..1000 = 10: rows per account, those with the most revenue
-- decimals: open_rate_pct 1, click_rate_pct 2, revenue 2
-- money: revenue
-- least: click_rate_pct, delivered
-- answer: Most revenue first. sent_on is the first day with recipients. Rates are percent of the messages delivered,
--   the open rate is empty where the channel does not track opens. Orders still come in for 7 days after a campaign.
WITH
--# include fragments/complete_days.sql
SELECT
    campaign.klaviyo_public_id AS account,
    -- The newest name that is not empty.
    argMaxIf(campaign.campaign_name, campaign.date, campaign.campaign_name != '') AS campaign,
    campaign.send_channel AS channel,
    minOrNullIf(campaign.date, campaign.recipients > 0) AS sent_on,
    sum(campaign.delivered) AS delivered,
    if(argMax(campaign.account_avg_open_rate, campaign.date) >= toFloat32(0.01) AND sum(campaign.delivered) > 0,
        100 * sum(campaign.opens_unique) / sum(campaign.delivered), NULL) AS open_rate_pct,
    if(sum(campaign.delivered) > 0,
        100 * sum(campaign.clicks_unique) / sum(campaign.delivered), NULL) AS click_rate_pct,
    sum(toInt128(round(campaign.conversion_value * 1000000))) / 1000000 AS revenue,
    count() OVER (PARTITION BY campaign.klaviyo_public_id) AS of_rows
FROM campaign_ai_summary AS campaign FINAL
ALL INNER JOIN complete_days ON complete_days.account = campaign.klaviyo_public_id
WHERE
    campaign.klaviyo_public_id IN {accounts:Array(String)}
    AND campaign.date > complete_days.last_day - {days:UInt16}
    AND campaign.date <= complete_days.last_day
GROUP BY
    campaign.klaviyo_public_id,
    campaign.campaign_id,
    campaign.send_channel
ORDER BY
    account,
    revenue DESC,
    campaign.campaign_id,
    channel
LIMIT {limit:UInt16} BY account
