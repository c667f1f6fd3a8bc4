-- One row is one store: its last days against as many before.
-- question: How do my stores compare
-- parameter: days UInt16 1..1825 = 30: complete days to look back, and as many before them
-- parameter: limit UInt16 1..1000 = 10: rows per account
-- decimals: revenue 2, change_pct 1, open_rate_pct 1, click_rate_pct 2
-- money: revenue
-- answer: Name one account per store. Each store's money is in its own currency: never add it up or rank it across
--   stores, compare change_pct and the rates. change_pct is empty where the days before earned nothing, or the store
--   began within them. Rates are percent of the messages delivered, the open rate counts only channels that track
--   opens. best_channel is the channel with the most revenue. Revenue of the newest 7 days still grows.
WITH
--# include fragments/complete_days.sql,
    -- One row is one store and channel.
    channel_sums AS
    (
        SELECT
            daily.klaviyo_public_id AS store,
            daily.send_channel AS channel,
            any(days.first_day <= days.last_day + 1 - 2 * {days:UInt16}) AS has_whole_windows,
            sumIf(toInt128(round(daily.total_revenue * 1000000)), daily.date > days.last_day - {days:UInt16})
                AS millionths_now,
            sumIf(toInt128(round(daily.total_revenue * 1000000)), daily.date <= days.last_day - {days:UInt16})
                AS millionths_before,
            sumIf(toUInt64(daily.total_delivered), daily.date > days.last_day - {days:UInt16}) AS reached,
            sumIf(toUInt64(daily.total_opens_unique), daily.date > days.last_day - {days:UInt16}) AS openers,
            sumIf(toUInt64(daily.total_clicks_unique), daily.date > days.last_day - {days:UInt16}) AS clickers
        FROM channel_performance_daily AS daily FINAL
        ALL INNER JOIN complete_days AS days ON days.account = daily.klaviyo_public_id
        WHERE
            daily.klaviyo_public_id IN {accounts:Array(String)}
            AND daily.date > days.last_day - 2 * {days:UInt16}
            AND daily.date <= days.last_day
        GROUP BY
            daily.klaviyo_public_id,
            daily.send_channel
    )
SELECT
    sums.store AS account,
    sum(sums.millionths_now) / 1000000 AS revenue,
    if(any(sums.has_whole_windows) AND sum(sums.millionths_before) > 0,
        100 * (sum(sums.millionths_now) / sum(sums.millionths_before) - 1), NULL) AS change_pct,
    sum(sums.reached) AS delivered,
    -- One stray open makes no channel of opens.
    if(sumIf(sums.reached, 100 * sums.openers >= sums.reached) > 0,
        100 * sumIf(sums.openers, 100 * sums.openers >= sums.reached)
            / sumIf(sums.reached, 100 * sums.openers >= sums.reached), NULL) AS open_rate_pct,
    if(sum(sums.reached) > 0, 100 * sum(sums.clickers) / sum(sums.reached), NULL) AS click_rate_pct,
    if(sum(sums.millionths_now) > 0, argMax(sums.channel, (sums.millionths_now, sums.channel)), NULL) AS best_channel,
    count() OVER (PARTITION BY account) AS of_rows
FROM channel_sums AS sums
GROUP BY sums.store
ORDER BY account
LIMIT {limit:UInt16} BY account
