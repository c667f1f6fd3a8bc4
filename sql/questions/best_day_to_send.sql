-- One row is one weekday of the campaigns, or of the flows, on one channel.
-- question: What is the best day to send a campaign
-- parameter: kind String campaign|flow = campaign: campaigns, or flows for the days on which flows earn
-- parameter: limit UInt16 1..1000 = 14: rows per account
-- decimals: revenue_per_1000 2, vs_other_days_pct 0, click_rate_pct 2, half_from_per_1000 2, half_to_per_1000 2
-- money: revenue_per_1000, half_from_per_1000, half_to_per_1000
-- least: half_from_per_1000+half_to_per_1000, click_rate_pct, delivered
-- answer: Weekdays of one channel are compared by revenue_per_1000, the revenue per 1,000 messages delivered, over 90
--   days without the newest 7, whose orders are still coming in. A campaign counts whole on the day it was sent.
--   stands_out says better or worse where a weekday differs from the channel's other days by more than chance, no
--   where it does not, and is empty where fewer than 8 campaigns (or days of flows) are on either side: too few to
--   tell. If no day stands out, there is no best day. The middle half of the day's campaigns lies between
--   half_from_per_1000 and half_to_per_1000, empty with fewer than 4 of them.
WITH
--# include fragments/complete_days.sql,
    -- One row is one campaign on the day on which most of it was sent, or all flows of a channel on one day.
    sends AS
    (
        SELECT
            campaign.klaviyo_public_id AS account,
            campaign.send_channel AS channel,
            argMax(campaign.date, (campaign.recipients, -toInt32(campaign.date))) AS day,
            sum(toUInt64(campaign.delivered)) AS reached,
            sum(toUInt64(campaign.clicks_unique)) AS clickers,
            sum(toInt128(round(campaign.conversion_value * 1000000))) AS millionths
        FROM campaign_ai_summary AS campaign FINAL
        ALL INNER JOIN complete_days AS days ON days.account = campaign.klaviyo_public_id
        WHERE
            campaign.klaviyo_public_id IN {accounts:Array(String)}
            AND {kind:String} = 'campaign'
            AND campaign.date <= days.last_day
        GROUP BY
            campaign.klaviyo_public_id,
            campaign.campaign_id,
            campaign.send_channel
        HAVING sum(campaign.recipients) > 0 AND sum(campaign.delivered) > 0
        UNION ALL
        SELECT
            flow.klaviyo_public_id AS account,
            flow.send_channel AS channel,
            flow.date AS day,
            sum(toUInt64(flow.delivered)) AS reached,
            sum(toUInt64(flow.clicks_unique)) AS clickers,
            sum(toInt128(round(flow.conversion_value * 1000000))) AS millionths
        FROM flow_ai_summary AS flow FINAL
        WHERE flow.klaviyo_public_id IN {accounts:Array(String)} AND {kind:String} = 'flow'
        GROUP BY
            flow.klaviyo_public_id,
            flow.send_channel,
            flow.date
        HAVING sum(flow.delivered) > 0
    ),
    usable_sends AS
    (
        SELECT
            sends.account AS account,
            sends.channel AS channel,
            sends.day AS day,
            toDayOfWeek(sends.day) AS sent_weekday,
            sends.reached AS reached,
            sends.clickers AS clickers,
            sends.millionths AS millionths
        FROM sends
        ALL INNER JOIN complete_days AS days ON days.account = sends.account
        WHERE sends.day > days.last_day - 90 AND sends.day <= days.last_day - 7
    ),
    -- One row is one weekday of a channel beside the channel's other days.
    weekdays AS
    (
        SELECT
            sends.account AS account,
            sends.channel AS channel,
            weekday,
            anyIf(dateName('weekday', sends.day), sends.sent_weekday = weekday) AS day_name,
            countIf(sends.sent_weekday = weekday) AS sends_here,
            sends_here >= 8 AND countIf(sends.sent_weekday != weekday) >= 8 AS is_enough,
            sumIf(sends.reached, sends.sent_weekday = weekday) AS reached_here,
            sumIf(sends.clickers, sends.sent_weekday = weekday) AS clickers_here,
            sumIf(sends.millionths, sends.sent_weekday = weekday) / 1000 / reached_here AS value_here,
            sumIf(sends.millionths, sends.sent_weekday != weekday) / 1000
                / sumIf(sends.reached, sends.sent_weekday != weekday) AS value_elsewhere,
            quantileExactIf(sends.millionths / sends.reached, sends.sent_weekday = weekday) AS middle_here,
            quantileExactIf(sends.millionths / sends.reached, sends.sent_weekday != weekday) AS middle_elsewhere,
            quantileExactInclusiveIf(0.25)(sends.millionths / 1000 / sends.reached, sends.sent_weekday = weekday)
                AS quarter_here,
            quantileExactInclusiveIf(0.75)(sends.millionths / 1000 / sends.reached, sends.sent_weekday = weekday)
                AS three_quarters_here,
            sum(sends_here) OVER (PARTITION BY account, channel) AS channel_sends,
            -- Who looks at many things finds something by chance: the more are compared, the less may chance explain.
            countIf(is_enough) OVER (PARTITION BY account) AS compared
        FROM usable_sends AS sends
        ARRAY JOIN [1, 2, 3, 4, 5, 6, 7] AS weekday
        GROUP BY
            sends.account,
            sends.channel,
            weekday
    ),
    -- The rank test: how often chance alone would set two such groups as far apart. It refuses an empty group.
    rank_tests AS
    (
        SELECT
            compared.account AS account,
            compared.channel AS channel,
            compared.weekday AS weekday,
            mannWhitneyUTest('two-sided', 1)(
                sends.millionths / sends.reached, toUInt8(sends.sent_weekday = compared.weekday)).2 AS chance
        FROM usable_sends AS sends
        ALL INNER JOIN weekdays AS compared
            ON compared.account = sends.account
            AND compared.channel = sends.channel
        WHERE compared.is_enough
        GROUP BY
            compared.account,
            compared.channel,
            compared.weekday
    )
SELECT
    one_day.account AS account,
    one_day.channel AS channel,
    one_day.day_name AS day,
    one_day.sends_here AS sends,
    one_day.reached_here AS delivered,
    one_day.value_here AS revenue_per_1000,
    if(one_day.is_enough AND one_day.value_elsewhere > 0,
        100 * (one_day.value_here / one_day.value_elsewhere - 1), NULL) AS vs_other_days_pct,
    multiIf(
        NOT one_day.is_enough, NULL,
        -- Not a number where all are equal: then chance explains everything.
        NOT (rank_tests.chance < 0.05 / one_day.compared), 'no',
        one_day.value_here > one_day.value_elsewhere AND one_day.middle_here > one_day.middle_elsewhere, 'better',
        one_day.value_here < one_day.value_elsewhere AND one_day.middle_here < one_day.middle_elsewhere, 'worse',
        'no'
    ) AS stands_out,
    100 * one_day.clickers_here / one_day.reached_here AS click_rate_pct,
    if(one_day.sends_here >= 4, one_day.quarter_here, NULL) AS half_from_per_1000,
    if(one_day.sends_here >= 4, one_day.three_quarters_here, NULL) AS half_to_per_1000,
    count() OVER (PARTITION BY account) AS of_rows
FROM weekdays AS one_day
ALL LEFT JOIN rank_tests
    ON rank_tests.account = one_day.account
    AND rank_tests.channel = one_day.channel
    AND rank_tests.weekday = one_day.weekday
WHERE one_day.sends_here > 0
ORDER BY
    account,
    one_day.channel_sends DESC,
    channel,
    one_day.is_enough DESC,
    revenue_per_1000 DESC,
    one_day.weekday
LIMIT {limit:UInt16} BY account
