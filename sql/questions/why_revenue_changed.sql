-- One row is all campaigns, or all flows, of one channel: the last days against as many before.
-- question: Why did revenue change
-- parameter: days UInt16 1..1825 = 7: complete days, compared with as many before them
-- parameter: limit UInt16 1..1000 = 10: rows per account, those that changed the most
-- decimals: revenue 2, revenue_before 2, change 2, from_messages 2, from_value 2, per_1000 2, per_1000_before 2,
--   open_rate_pct 1, open_rate_before_pct 1
-- money: revenue, revenue_before, change, from_messages, from_value, per_1000, per_1000_before
-- least: open_rate_before_pct, open_rate_pct, delivered_before, delivered, per_1000_before, per_1000, revenue_before
-- answer: Biggest change first, in the account's own currency. A change has two parts, which add up to it:
--   from_messages is what more or fewer messages delivered account for, from_value what a higher or lower revenue per
--   1,000 messages (per_1000) does. What was earned in days without messages counts as from_messages, as nothing else
--   explains it. The parts are empty where the account has no such days before. Open rates are percent of the messages
--   delivered, empty where the channel does not track opens. Orders of the newest 7 days are still coming in.
WITH
--# include fragments/complete_days.sql,
--# include fragments/daily_rows.sql,
    -- One row is the campaigns, or the flows, of one channel: both windows side by side.
    windows AS
    (
        SELECT
            daily.account AS account,
            daily.kind AS kind,
            daily.channel AS channel,
            any(days.first_day <= days.last_day + 1 - 2 * {days:UInt16}) AS is_comparable,
            sumIf(daily.millionths, daily.day > days.last_day - {days:UInt16}) AS millionths_now,
            sumIf(daily.millionths, daily.day <= days.last_day - {days:UInt16}) AS millionths_before,
            sumIf(toUInt64(daily.reached), daily.day > days.last_day - {days:UInt16}) AS reached_now,
            sumIf(toUInt64(daily.reached), daily.day <= days.last_day - {days:UInt16}) AS reached_before,
            sumIf(toUInt64(daily.openers), daily.day > days.last_day - {days:UInt16}) AS openers_now,
            sumIf(toUInt64(daily.openers), daily.day <= days.last_day - {days:UInt16}) AS openers_before,
            -- By the newest benchmark.
            argMax(daily.tracks_opens, daily.day) AS has_opens,
            millionths_now / 1000 / reached_now AS value_now,
            millionths_before / 1000 / reached_before AS value_before,
            (millionths_now - millionths_before) / 1000000 AS difference,
            -- Each part at the mean of the other: so the two add up to the whole.
            multiIf(
                reached_now > 0 AND reached_before > 0,
                    (toInt64(reached_now) - toInt64(reached_before)) * (value_now + value_before) / 2 / 1000,
                reached_now = reached_before, 0,
                difference) AS part_of_messages
        FROM daily_rows AS daily
        ALL INNER JOIN complete_days AS days ON days.account = daily.account
        WHERE daily.day > days.last_day - 2 * {days:UInt16} AND daily.day <= days.last_day
        GROUP BY
            daily.account,
            daily.kind,
            daily.channel
    )
SELECT
    one.account AS account,
    one.kind AS kind,
    one.channel AS channel,
    one.millionths_now / 1000000 AS revenue,
    if(one.is_comparable, one.millionths_before / 1000000, NULL) AS revenue_before,
    if(one.is_comparable, one.difference, NULL) AS change,
    if(one.is_comparable, one.part_of_messages, NULL) AS from_messages,
    if(one.is_comparable, one.difference - one.part_of_messages, NULL) AS from_value,
    one.reached_now AS delivered,
    if(one.is_comparable, one.reached_before, NULL) AS delivered_before,
    if(one.reached_now > 0, one.value_now, NULL) AS per_1000,
    if(one.is_comparable AND one.reached_before > 0, one.value_before, NULL) AS per_1000_before,
    if(one.has_opens AND one.reached_now > 0, 100 * one.openers_now / one.reached_now, NULL) AS open_rate_pct,
    if(one.has_opens AND one.is_comparable AND one.reached_before > 0,
        100 * one.openers_before / one.reached_before, NULL) AS open_rate_before_pct,
    count() OVER (PARTITION BY account) AS of_rows
FROM windows AS one
ORDER BY
    account,
    abs(change) DESC NULLS LAST,
    revenue DESC,
    kind,
    channel
LIMIT {limit:UInt16} BY account
