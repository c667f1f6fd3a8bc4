-- One row is one campaign on one channel that tracks opens, with an open rate under the threshold.
-- question: Which campaigns had an open rate under a threshold in the last 90 days
-- parameter: threshold Float64 0..100 = 20: percent (20 = 20 %) that the open rate stays under
-- parameter: days UInt16 1..3650 = 90: complete days to look back
-- parameter: limit UInt16 1..1000 = 10: rows per account, those with the lowest open rate
-- answer: Lowest open rate first. Channels that do not track opens (SMS) and campaigns with fewer than 50 messages
--   delivered are left out: their open rate says nothing. usual_open_rate_pct is that of all campaigns of the channel
--   over 90 days.
WITH
--# include fragments/complete_days.sql
SELECT
    campaign.klaviyo_public_id AS account,
    argMax(campaign.campaign_name, campaign.date) AS campaign,
    campaign.send_channel AS channel,
    max(campaign.date) AS last_sent,
    sum(campaign.delivered) AS delivered,
    round(100 * sum(campaign.opens_unique) / sum(campaign.delivered), 1) AS open_rate_pct,
    round(100 * toFloat64(argMax(campaign.account_avg_open_rate, campaign.date)), 1) AS usual_open_rate_pct
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
HAVING
    max(campaign.account_avg_open_rate) > 0
    AND sum(campaign.delivered) >= 50
    AND 100 * sum(campaign.opens_unique) < {threshold:Float64} * sum(campaign.delivered)
ORDER BY
    account,
    sum(campaign.opens_unique) / sum(campaign.delivered),
    delivered DESC,
    campaign.campaign_id,
    channel
LIMIT {limit:UInt16} BY account
