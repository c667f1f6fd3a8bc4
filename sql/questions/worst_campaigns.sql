-- One row is one campaign on one channel that earned less per 1,000 messages than the channel's campaigns do.
-- question: Which campaigns did worst
-- parameter: days UInt16 8..3650 = 90: complete days to look back
-- parameter: limit UInt16 1..1000 = 10: rows per account, the worst
-- decimals: open_rate_pct 1, click_rate_pct 2, revenue 2, revenue_per_1000 2, usual_per_1000 2, revenue_missed 2
-- money: revenue, revenue_per_1000, usual_per_1000, revenue_missed
-- least: click_rate_pct, open_rate_pct, delivered
-- answer: Worst first: revenue_missed is what more it would have earned at usual_per_1000, the revenue per 1,000
--   messages of all the channel's campaigns of these days. So it weighs the distance and the size of the mailing.
--   Campaigns of the newest 7 days are left out, their orders are still coming in, and so are those with fewer than 50
--   messages delivered. Rates are percent of the messages delivered, the open rate is empty where the channel does not
--   track opens.
WITH
--# include fragments/complete_days.sql,
--# include fragments/whole_campaigns.sql,
    -- The campaigns of these days beside all of their channel.
    compared AS
    (
        SELECT
            campaign.*,
            campaign.millionths / 1000 / campaign.reached AS per_1000,
            sum(campaign.millionths) OVER (PARTITION BY campaign.account, campaign.channel) / 1000
                / sum(campaign.reached) OVER (PARTITION BY campaign.account, campaign.channel) AS usual_value
        FROM whole_campaigns AS campaign
        ALL INNER JOIN complete_days AS days ON days.account = campaign.account
        WHERE campaign.sent_on > days.last_day - {days:UInt16} AND campaign.sent_on <= days.last_day - 7
    )
SELECT
    campaign.account AS account,
    campaign.name AS campaign,
    campaign.channel AS channel,
    campaign.sent_on AS sent_on,
    campaign.reached AS delivered,
    if(campaign.tracks_opens, 100 * campaign.openers / campaign.reached, NULL) AS open_rate_pct,
    100 * campaign.clickers / campaign.reached AS click_rate_pct,
    campaign.millionths / 1000000 AS revenue,
    campaign.per_1000 AS revenue_per_1000,
    campaign.usual_value AS usual_per_1000,
    (campaign.usual_value - campaign.per_1000) * campaign.reached / 1000 AS revenue_missed,
    count() OVER (PARTITION BY account) AS of_rows
FROM compared AS campaign
WHERE campaign.reached >= 50 AND campaign.per_1000 < campaign.usual_value
ORDER BY
    account,
    revenue_missed DESC,
    campaign.id,
    channel
LIMIT {limit:UInt16} BY account
