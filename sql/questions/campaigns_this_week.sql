-- One row is one campaign on one day and channel, of today and the 7 days before.
-- question: How are my campaigns this week
-- parameter: limit UInt16 1..1000 = 10: rows per account, those with the most revenue
-- answer: Most revenue first. Rates are percent of the messages delivered, the open rate is empty where the channel
--   does not track opens. vs_average_pct compares the revenue with your mean campaign of 90 days, and is
--   empty where the day was not over. Revenue of the last 7 days still grows.
WITH
--# include fragments/complete_days.sql
SELECT
    campaign.klaviyo_public_id AS account,
    campaign.date AS date,
    campaign.campaign_name AS campaign,
    campaign.send_channel AS channel,
    campaign.delivered AS delivered,
    if(campaign.account_avg_open_rate > 0 AND campaign.delivered > 0,
        round(100 * campaign.opens_unique / campaign.delivered, 1), NULL) AS open_rate_pct,
    if(campaign.delivered > 0, round(100 * campaign.clicks_unique / campaign.delivered, 2), NULL) AS click_rate_pct,
    round(campaign.conversion_value, 2) AS revenue,
    if(campaign.account_avg_revenue > 0 AND campaign.date <= complete_days.last_day,
        round(100 * (campaign.conversion_value / campaign.account_avg_revenue - 1)), NULL) AS vs_average_pct,
    campaign.performance_label AS rating
FROM campaign_ai_summary AS campaign FINAL
ALL LEFT JOIN complete_days ON complete_days.account = campaign.klaviyo_public_id
WHERE campaign.klaviyo_public_id IN {accounts:Array(String)} AND campaign.date >= today() - 7
ORDER BY
    account,
    revenue DESC,
    date DESC,
    campaign.campaign_id,
    channel
LIMIT {limit:UInt16} BY account
