-- One row is one day of the last 7, one week of the 4 before, or one month before that: all channels.
-- question: How did the business go lately
-- parameter: months UInt16 0..600 = 6: months to look back, before the 35 days
-- parameter: limit UInt16 1..1000 = 17: rows per account, the newest
-- decimals: revenue 2, open_rate_pct 1, click_rate_pct 2
-- money: revenue
-- answer: Newest first, every day in exactly one row: days, then weeks of 7 days, then calendar months, the newest of
--   which ends where the weeks begin. A day without sends counts as 0. Rates are percent of the messages delivered, the
--   open rate counts only channels that track opens. Revenue of the last 7 days still grows.
WITH
--# include fragments/complete_days.sql,
    -- One row is one account's first day to show and its last.
    account_bounds AS
    (
        SELECT
            days.account AS account,
            any(days.last_day) AS last_day,
            greatest(min(daily.date),
                if({months:UInt16} = 0, any(days.last_day) - 34,
                    subtractMonths(toStartOfMonth(any(days.last_day) - 35), {months:UInt16} - 1))) AS first_day
        FROM complete_days AS days
        ALL INNER JOIN channel_performance_daily AS daily ON daily.klaviyo_public_id = days.account
        WHERE daily.klaviyo_public_id IN {accounts:Array(String)} AND daily.date <= days.last_day
        GROUP BY days.account
    ),
    -- One row is one channel on one day, or one day of the calendar: a missing day is a zero day.
    channel_days AS
    (
        SELECT
            bounds.account AS account,
            bounds.last_day AS last_day,
            daily.date AS day,
            toInt128(round(daily.total_revenue * 1000000)) AS millionths,
            toUInt64(daily.total_delivered) AS reached,
            toUInt64(daily.total_opens_unique) AS openers,
            toUInt64(daily.total_clicks_unique) AS clickers,
            -- Channels that do not track opens would drag the open rate down. One stray open makes no channel of opens.
            100 * sum(daily.total_opens_unique) OVER whole_channel
                >= sum(daily.total_delivered) OVER whole_channel AS tracks_opens
        FROM channel_performance_daily AS daily FINAL
        ALL INNER JOIN account_bounds AS bounds ON bounds.account = daily.klaviyo_public_id
        WHERE
            daily.klaviyo_public_id IN {accounts:Array(String)}
            AND daily.date BETWEEN bounds.first_day AND bounds.last_day
        WINDOW whole_channel AS (PARTITION BY daily.klaviyo_public_id, daily.send_channel)
        UNION ALL
        SELECT
            bounds.account AS account,
            bounds.last_day AS last_day,
            arrayJoin(arrayMap(
                days_back -> bounds.last_day - days_back,
                range(toUInt32(1 + bounds.last_day - bounds.first_day)))) AS day,
            toInt128(0) AS millionths,
            toUInt64(0) AS reached,
            toUInt64(0) AS openers,
            toUInt64(0) AS clickers,
            0 AS tracks_opens
        FROM account_bounds AS bounds
    )
SELECT
    daily.account AS account,
    multiIf(daily.last_day - daily.day < 7, 'day', daily.last_day - daily.day < 35, 'week', 'month') AS period,
    min(daily.day) AS from_day,
    max(daily.day) AS to_day,
    sum(daily.millionths) / 1000000 AS revenue,
    sum(daily.reached) AS delivered,
    if(sumIf(daily.reached, daily.tracks_opens) > 0,
        100 * sumIf(daily.openers, daily.tracks_opens) / sumIf(daily.reached, daily.tracks_opens), NULL)
        AS open_rate_pct,
    if(sum(daily.reached) > 0, 100 * sum(daily.clickers) / sum(daily.reached), NULL) AS click_rate_pct,
    count() OVER (PARTITION BY daily.account) AS of_rows
FROM channel_days AS daily
GROUP BY
    daily.account,
    period,
    multiIf(period = 'day', daily.day, period = 'week', daily.last_day - 7 * intDiv(daily.last_day - daily.day, 7),
        toStartOfMonth(daily.day))
ORDER BY
    account,
    from_day DESC
LIMIT {limit:UInt16} BY account
