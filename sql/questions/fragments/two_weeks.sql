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
