-- One row is one measure: the last 7 complete days against the 7 before, all channels, campaigns and flows.
-- question: How were the last 7 days against the 7 days before
-- parameter: limit UInt16 1..1000 = 10: rows per account
-- decimals: last_7_days 2+, previous_7_days 2+, change_pct 1
-- money: last_7_days, previous_7_days
-- least: out_of_before, out_of
-- answer: Two equal windows of 7 complete days, today is in neither. change_pct is relative: from 20 to 25 is +25 %,
--   for rates too. It is empty where the days before have nothing to compare with, and so are these days where the
--   account began within them.
--   Rates are percent of the messages delivered, the open rate counts only channels that track opens, revenue per 1000
--   is that of 1,000 messages delivered. out_of is what stands behind the last 7 days: the messages of a rate, the
--   orders of the revenue. Revenue of the last 7 days still grows, so a small fall may only be late orders.
WITH
--# include fragments/complete_days.sql,
    -- One row is one account and channel: sums over the last 7 complete days and over the 7 before.
    channel_weeks AS
    (
        SELECT
            daily.klaviyo_public_id AS account,
            daily.send_channel AS channel,
            daily.date > days.last_day - 7 AS is_recent,
            any(days.first_day <= days.last_day - 13) AS has_whole_weeks,
            sum(toInt128(round(daily.total_revenue * 1000000))) AS revenue_millionths,
            sum(toUInt64(daily.total_recipients)) AS sent,
            sum(toUInt64(daily.total_delivered)) AS reached,
            sum(toUInt64(daily.total_opens_unique)) AS openers,
            sum(toUInt64(daily.total_clicks_unique)) AS clickers,
            sum(toUInt64(daily.total_conversion_uniques)) AS converted,
            -- Channels that do not track opens would drag the open rate down. One stray open makes no channel of opens.
            100 * sum(sum(toUInt64(daily.total_opens_unique))) OVER whole_channel
                >= sum(sum(toUInt64(daily.total_delivered))) OVER whole_channel AS tracks_opens
        FROM channel_performance_daily AS daily FINAL
        ALL INNER JOIN complete_days AS days ON days.account = daily.klaviyo_public_id
        WHERE
            daily.klaviyo_public_id IN {accounts:Array(String)}
            AND daily.date > days.last_day - 14
            AND daily.date <= days.last_day
        GROUP BY
            daily.klaviyo_public_id,
            daily.send_channel,
            is_recent
        WINDOW whole_channel AS (PARTITION BY daily.klaviyo_public_id, daily.send_channel)
    ),
    -- One row is one account: its two weeks side by side.
    account_weeks AS
    (
        SELECT
            week.account AS account,
            any(week.has_whole_weeks) AS is_comparable,
            toFloat64(sumIf(week.revenue_millionths, week.is_recent)) / 1000000 AS revenue_now,
            toFloat64(sumIf(week.revenue_millionths, NOT week.is_recent)) / 1000000 AS revenue_before,
            toFloat64(sumIf(week.sent, week.is_recent)) AS sent_now,
            toFloat64(sumIf(week.sent, NOT week.is_recent)) AS sent_before,
            toFloat64(sumIf(week.converted, week.is_recent)) AS converted_now,
            toFloat64(sumIf(week.converted, NOT week.is_recent)) AS converted_before,
            -- 0 / 0 is NaN: a rate of nothing.
            toFloat64(sumIf(week.reached, week.is_recent)) AS reached_now,
            toFloat64(sumIf(week.reached, NOT week.is_recent)) AS reached_before,
            toFloat64(sumIf(week.reached, week.is_recent AND week.tracks_opens)) AS openable_now,
            toFloat64(sumIf(week.reached, NOT week.is_recent AND week.tracks_opens)) AS openable_before,
            1000 * revenue_now / reached_now AS value_now,
            1000 * revenue_before / reached_before AS value_before,
            100 * sumIf(week.openers, week.is_recent AND week.tracks_opens) / openable_now AS open_rate_now,
            100 * sumIf(week.openers, NOT week.is_recent AND week.tracks_opens) / openable_before
                AS open_rate_before,
            100 * sumIf(week.clickers, week.is_recent) / sumIf(week.reached, week.is_recent) AS click_rate_now,
            100 * sumIf(week.clickers, NOT week.is_recent) / sumIf(week.reached, NOT week.is_recent)
                AS click_rate_before,
            100 * sumIf(week.converted, week.is_recent) / sumIf(week.reached, week.is_recent) AS conversion_rate_now,
            100 * sumIf(week.converted, NOT week.is_recent) / sumIf(week.reached, NOT week.is_recent)
                AS conversion_rate_before
        FROM channel_weeks AS week
        GROUP BY week.account
    )
SELECT
    weeks.account AS account,
    line.2 AS measure,
    if(isFinite(line.3), line.3, NULL) AS last_7_days,
    if(weeks.is_comparable AND isFinite(line.4), line.4, NULL) AS previous_7_days,
    if(weeks.is_comparable AND isFinite(line.3 / line.4), 100 * (line.3 / line.4 - 1), NULL) AS change_pct,
    if(isFinite(line.5), line.5, NULL) AS out_of,
    if(weeks.is_comparable AND isFinite(line.6), line.6, NULL) AS out_of_before,
    count() OVER (PARTITION BY account) AS of_rows
FROM account_weeks AS weeks
ARRAY JOIN [
    (1, 'revenue', weeks.revenue_now, weeks.revenue_before, weeks.converted_now, weeks.converted_before),
    (2, 'messages sent', weeks.sent_now, weeks.sent_before, nan, nan),
    (3, 'conversions', weeks.converted_now, weeks.converted_before, nan, nan),
    (4, 'open rate %', weeks.open_rate_now, weeks.open_rate_before, weeks.openable_now, weeks.openable_before),
    (5, 'click rate %', weeks.click_rate_now, weeks.click_rate_before, weeks.reached_now, weeks.reached_before),
    (6, 'conversion rate %', weeks.conversion_rate_now, weeks.conversion_rate_before,
        weeks.reached_now, weeks.reached_before),
    (7, 'revenue per 1000', weeks.value_now, weeks.value_before, weeks.reached_now, weeks.reached_before)
] AS line
ORDER BY
    account,
    line.1
LIMIT {limit:UInt16} BY account
