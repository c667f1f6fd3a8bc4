-- One row is one measure of one channel: unsubscribes, spam complaints or bounces, campaigns and flows together.
-- question: How healthy are my lists
-- parameter: days UInt16 1..1825 = 30: complete days to look back
-- parameter: limit UInt16 1..1000 = 15: rows per account, the worst
-- decimals: per_1000 2, usual_per_1000 2, vs_usual_pct 0, more_than_usual 0
-- answer: Worst first: more_than_usual is how many there were beyond the usual, below 0 where there were fewer.
--   per_1000 is per 1,000 messages delivered, for bounces per 1,000 sent. The usual is the account's own, over the 90
--   days before these days, and empty where it has no such 90 days. vs_usual_pct is empty, too, where fewer than 10
--   would be usual. Spam complaints about flows are estimated, as Klaviyo tells their rate alone.
WITH
--# include fragments/complete_days.sql,
    -- The rows of both summary tables, reduced to what they have in common.
    daily_rows AS
    (
        SELECT
            campaign.klaviyo_public_id AS account,
            campaign.date AS day,
            campaign.send_channel AS channel,
            campaign.recipients AS sent,
            campaign.delivered AS reached,
            campaign.unsubscribes AS leavers,
            campaign.spam_complaints AS complainers,
            campaign.bounced AS bounces
        FROM campaign_ai_summary AS campaign FINAL
        WHERE campaign.klaviyo_public_id IN {accounts:Array(String)}
        UNION ALL
        SELECT
            flow.klaviyo_public_id AS account,
            flow.date AS day,
            flow.send_channel AS channel,
            flow.recipients AS sent,
            flow.delivered AS reached,
            flow.unsubscribes AS leavers,
            flow.spam_complaints AS complainers,
            flow.bounced AS bounces
        FROM flow_ai_summary AS flow FINAL
        WHERE flow.klaviyo_public_id IN {accounts:Array(String)}
    ),
    -- One row is one channel, now or in the 90 days before.
    windows AS
    (
        SELECT
            daily.account AS account,
            daily.channel AS channel,
            daily.day > days.last_day - {days:UInt16} AS is_now,
            any(days.first_day <= days.last_day - {days:UInt16} - 89) AS has_usual,
            sum(toUInt64(daily.sent)) AS sent,
            sum(toUInt64(daily.reached)) AS reached,
            sum(toUInt64(daily.leavers)) AS leavers,
            sum(toUInt64(daily.complainers)) AS complainers,
            sum(toUInt64(daily.bounces)) AS bounces
        FROM daily_rows AS daily
        ALL INNER JOIN complete_days AS days ON days.account = daily.account
        WHERE daily.day > days.last_day - {days:UInt16} - 90 AND daily.day <= days.last_day
        GROUP BY
            daily.account,
            daily.channel,
            is_now
    ),
    -- One row is one measure of one channel.
    measures AS
    (
        SELECT
            windows.account AS account,
            windows.channel AS channel,
            line.1 AS place,
            line.2 AS measure,
            sumIf(line.3, windows.is_now) AS number_now,
            sumIf(line.4, windows.is_now) AS messages_now,
            sumIf(line.3, NOT windows.is_now) AS number_before,
            sumIf(line.4, NOT windows.is_now) AS messages_before,
            any(windows.has_usual) AND messages_before > 0 AS has_usual,
            number_before / messages_before * messages_now AS expected
        FROM windows
        ARRAY JOIN [
            (1, 'unsubscribes', windows.leavers, windows.reached),
            (2, 'spam complaints', windows.complainers, windows.reached),
            (3, 'bounces', windows.bounces, windows.sent)
        ] AS line
        GROUP BY
            windows.account,
            windows.channel,
            place,
            measure
        HAVING messages_now > 0
    )
SELECT
    one.account AS account,
    one.channel AS channel,
    one.measure AS measure,
    one.number_now AS number,
    1000 * one.number_now / one.messages_now AS per_1000,
    if(one.has_usual, 1000 * one.number_before / one.messages_before, NULL) AS usual_per_1000,
    if(one.has_usual AND one.expected >= 10, 100 * (one.number_now / one.expected - 1), NULL) AS vs_usual_pct,
    if(one.has_usual, one.number_now - one.expected, NULL) AS more_than_usual,
    count() OVER (PARTITION BY account) AS of_rows
FROM measures AS one
ORDER BY
    account,
    more_than_usual DESC NULLS LAST,
    number DESC,
    channel,
    one.place
LIMIT {limit:UInt16} BY account
