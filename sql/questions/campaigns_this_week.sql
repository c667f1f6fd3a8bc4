-- One row is one campaign on one channel, all its days together, sent today or in the 7 days before.
-- question: How are my campaigns this week
-- parameter: limit UInt16 1..1000 = 10: rows per account, those with the most revenue
-- decimals: open_rate_pct 1, click_rate_pct 2, revenue 2, vs_average_pct 0
-- money: revenue
-- least: rated_by, delivered, click_rate_pct
-- answer: Most revenue first. date is the day on which most of it was sent. Rates are percent of the messages
--   delivered, the open rate is empty where the channel does not track opens. vs_average_pct compares the revenue so
--   far with the mean campaign of the channel over 90 days, and is empty where the day was not over. Orders still come
--   in for 7 days after a campaign. rating rates what rated_by says, against the channel's usual rate.
WITH
--# include fragments/complete_days.sql,
    whole_campaigns AS
    (
        SELECT
--# include fragments/campaign_sums.sql
        FROM campaign_ai_summary AS campaign FINAL
        ALL INNER JOIN complete_days AS days ON days.account = campaign.klaviyo_public_id
        WHERE campaign.klaviyo_public_id IN {accounts:Array(String)}
        GROUP BY campaign.klaviyo_public_id, campaign.campaign_id, campaign.send_channel
        HAVING sent > 0
        WINDOW whole_channel AS (PARTITION BY campaign.klaviyo_public_id, campaign.send_channel)
    ),
--# include fragments/thresholds.sql,
--# include fragments/campaign_rating.sql
    ,
--# include fragments/label.sql
SELECT
    campaign.account AS account,
    campaign.sent_on AS date,
    campaign.name AS campaign,
    campaign.channel AS channel,
    campaign.reached AS delivered,
    if(tracks_opens AND campaign.reached > 0, 100 * campaign.openers / campaign.reached, NULL) AS open_rate_pct,
    if(campaign.reached > 0, 100 * campaign.clickers / campaign.reached, NULL) AS click_rate_pct,
    campaign.millionths / 1000000 AS revenue,
    if(campaign.usual_revenue > 0 AND campaign.sent_on <= days.last_day,
        100 * (campaign.millionths / 1000000 / campaign.usual_revenue - 1), NULL) AS vs_average_pct,
    if(campaign.sent_on <= days.last_day, label, 'Not Enough Data') AS rating,
    multiIf(rating = 'Not Enough Data', NULL, tracks_opens, 'open rate', 'click rate') AS rated_by,
    count() OVER (PARTITION BY account) AS of_rows
FROM whole_campaigns AS campaign
ALL INNER JOIN complete_days AS days ON days.account = campaign.account
WHERE campaign.sent_on >= today() - 7
ORDER BY
    account,
    revenue DESC,
    date DESC,
    campaign.id,
    channel
LIMIT {limit:UInt16} BY account
