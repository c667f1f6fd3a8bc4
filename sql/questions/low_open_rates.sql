-- One row is one campaign on one channel that tracks opens, with an open rate under the threshold.
-- question: Which campaigns had an open rate under a threshold in the last 90 days
-- parameter: threshold Float64 0..100 = 20: percent (20 = 20 %) that the open rate stays under
-- parameter: days UInt16 1..3650 = 90: complete days to look back
-- parameter: limit UInt16 1..1000 = 10: rows per account, the worst
-- decimals: open_rate_pct 1, usual_open_rate_pct 1, opens_missed 0
-- least: delivered
-- answer: Worst first: opens_missed is how many more would have opened it at the usual open rate, so it weighs the
--   distance and the size of the mailing, and is below 0 where a campaign did better than usual. usual_open_rate_pct is
--   that of all campaigns of the channel over 90 days. Channels that do not track opens (SMS) and campaigns with fewer
--   than 50 messages delivered are left out: their open rate says nothing.
WITH
--# include fragments/complete_days.sql,
--# include fragments/whole_campaigns.sql
SELECT
    campaign.account AS account,
    campaign.name AS campaign,
    campaign.channel AS channel,
    campaign.sent_on AS last_sent,
    campaign.reached AS delivered,
    100 * campaign.openers / campaign.reached AS open_rate_pct,
    100 * toFloat64(campaign.usual_open_rate) AS usual_open_rate_pct,
    campaign.usual_open_rate * campaign.reached - campaign.openers AS opens_missed,
    count() OVER (PARTITION BY account) AS of_rows
FROM whole_campaigns AS campaign
ALL INNER JOIN complete_days AS days ON days.account = campaign.account
WHERE
    campaign.sent_on > days.last_day - {days:UInt16}
    AND campaign.tracks_opens
    AND campaign.reached >= 50
    AND 100 * campaign.openers < {threshold:Float64} * campaign.reached
ORDER BY
    account,
    opens_missed DESC,
    delivered DESC,
    campaign.id,
    channel
LIMIT {limit:UInt16} BY account
