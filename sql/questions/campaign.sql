-- One row is one campaign on one channel, all its days together.
-- question: How did one campaign do
-- parameter: campaign String: the campaign's name or a part of it, or its Klaviyo id
-- parameter: limit UInt16 1..1000 = 10: rows per account, the newest
-- decimals: open_rate_pct 1, usual_open_rate_pct 1, click_rate_pct 2, usual_click_rate_pct 2, conversion_rate_pct 2,
--   revenue 2, revenue_per_1000 2, vs_average_pct 0
-- money: revenue, revenue_per_1000
-- least: usual_click_rate_pct, conversion_rate_pct, spam_complaints, bounces, unsubscribes, rated_by,
--   revenue_per_1000, usual_open_rate_pct, delivered, click_rate_pct
-- empty: No campaign has this name or id: `aiviews query top_campaigns --days 3650` lists campaigns.
-- answer: Newest first. sent_on is the day on which most of it was sent. Rates are percent of the messages delivered,
--   open rates are empty where the channel does not track opens. The usual rates, and the mean revenue that
--   vs_average_pct compares with, are those of the channel's campaigns over 90 days. Orders still come in for 7 days
--   after a campaign. rating rates what rated_by says, against the usual rate.
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
        WINDOW whole_channel AS (PARTITION BY campaign.klaviyo_public_id, campaign.send_channel)
    ),
--# include fragments/thresholds.sql,
--# include fragments/campaign_rating.sql
    ,
--# include fragments/label.sql
SELECT
    campaign.account AS account,
    campaign.name AS campaign,
    campaign.channel AS channel,
    if(campaign.sent > 0, campaign.sent_on, NULL) AS sent_on,
    campaign.reached AS delivered,
    if(tracks_opens AND campaign.reached > 0, 100 * campaign.openers / campaign.reached, NULL) AS open_rate_pct,
    if(tracks_opens, 100 * toFloat64(campaign.usual_open_rate), NULL) AS usual_open_rate_pct,
    if(campaign.reached > 0, 100 * campaign.clickers / campaign.reached, NULL) AS click_rate_pct,
    100 * toFloat64(campaign.usual_click_rate) AS usual_click_rate_pct,
    if(campaign.reached > 0, 100 * campaign.buyers / campaign.reached, NULL) AS conversion_rate_pct,
    campaign.millionths / 1000000 AS revenue,
    if(campaign.reached > 0, campaign.millionths / 1000 / campaign.reached, NULL) AS revenue_per_1000,
    if(campaign.usual_revenue > 0 AND campaign.sent > 0 AND campaign.sent_on <= days.last_day,
        100 * (campaign.millionths / 1000000 / campaign.usual_revenue - 1), NULL) AS vs_average_pct,
    campaign.leavers AS unsubscribes,
    campaign.complainers AS spam_complaints,
    campaign.bounces AS bounces,
    if(campaign.sent_on <= days.last_day, label, 'Not Enough Data') AS rating,
    multiIf(rating = 'Not Enough Data', NULL, tracks_opens, 'open rate', 'click rate') AS rated_by,
    count() OVER (PARTITION BY account) AS of_rows
FROM whole_campaigns AS campaign
ALL INNER JOIN complete_days AS days ON days.account = campaign.account
WHERE
    -- By any name that it ever had.
    (campaign.account, campaign.id) IN (
        SELECT named.klaviyo_public_id, named.campaign_id
        FROM campaign_ai_summary AS named FINAL
        WHERE
            named.klaviyo_public_id IN {accounts:Array(String)}
            AND (named.campaign_id = {campaign:String}
                OR positionCaseInsensitiveUTF8(named.campaign_name, {campaign:String}) > 0)
    )
ORDER BY
    account,
    campaign.sent_on DESC,
    campaign.id,
    channel
LIMIT {limit:UInt16} BY account
