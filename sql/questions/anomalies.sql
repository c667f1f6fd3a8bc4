-- One row is one campaign, or one flow with all its messages, on a day and channel where its rate was unusual.
-- question: What was unusual in the last 30 days
-- parameter: days UInt16 1..3650 = 30: complete days to look back
-- parameter: limit UInt16 1..1000 = 10: rows per account, the newest
-- answer: Newest first. The rate is the open rate, or the click rate where the channel does not track opens. rate_pct
--   is that of the day, average_pct your average of 90 days, both percent of the messages delivered.
WITH
--# include fragments/complete_days.sql
    ,
    -- The rows of both summary tables, reduced to what they have in common.
    unusual_rows AS
    (
        SELECT
            campaign.klaviyo_public_id AS account,
            campaign.date AS day,
            'campaign' AS kind,
            campaign.campaign_id AS id,
            campaign.campaign_name AS name,
            campaign.send_channel AS channel,
            campaign.delivered AS reached,
            if(campaign.account_avg_open_rate > 0, campaign.opens_unique, campaign.clicks_unique) AS reactions,
            campaign.account_avg_open_rate AS usual_open_rate,
            campaign.account_avg_click_rate AS usual_click_rate
        FROM campaign_ai_summary AS campaign FINAL
        WHERE campaign.klaviyo_public_id IN {accounts:Array(String)} AND campaign.is_anomaly = 1
        UNION ALL
        SELECT
            flow.klaviyo_public_id AS account,
            flow.date AS day,
            'flow' AS kind,
            flow.flow_id AS id,
            flow.flow_name AS name,
            flow.send_channel AS channel,
            flow.delivered AS reached,
            if(flow.account_avg_open_rate > 0, flow.opens_unique, flow.clicks_unique) AS reactions,
            flow.account_avg_open_rate AS usual_open_rate,
            flow.account_avg_click_rate AS usual_click_rate
        FROM flow_ai_summary AS flow FINAL
        WHERE flow.klaviyo_public_id IN {accounts:Array(String)} AND flow.is_anomaly = 1
    )
SELECT
    unusual.account AS account,
    unusual.day AS date,
    unusual.kind AS kind,
    max(unusual.name) AS name,
    unusual.channel AS channel,
    if(max(unusual.usual_open_rate) > 0, 'open rate', 'click rate') AS rate,
    round(100 * sum(unusual.reactions) / sum(unusual.reached), 2) AS rate_pct,
    round(100 * toFloat64(if(max(unusual.usual_open_rate) > 0,
        max(unusual.usual_open_rate), max(unusual.usual_click_rate))), 2) AS average_pct
FROM unusual_rows AS unusual
INNER JOIN complete_days ON complete_days.account = unusual.account
WHERE unusual.day > complete_days.last_day - {days:UInt16} AND unusual.day <= complete_days.last_day
GROUP BY
    unusual.account,
    unusual.day,
    unusual.kind,
    unusual.id,
    unusual.channel
HAVING sum(unusual.reached) > 0
ORDER BY
    account,
    date DESC,
    kind,
    unusual.id,
    channel
LIMIT {limit:UInt16} BY account
