-- One row is one flow on one channel, or all campaigns of one channel: the last 7 complete days against the 7 before.
-- question: What changed since last week
-- parameter: limit UInt16 1..1000 = 10: rows per account, those that moved the most money
-- decimals: last_7_days 2, previous_7_days 2, change 2
-- money: last_7_days, previous_7_days, change
-- least: conversions_before, conversions, kind
-- empty: Nothing changed, or the account has no 14 whole days to compare.
-- answer: Biggest gain first, biggest loss last, in the account's own currency. A flow is compared with itself,
--   campaigns are sent once, so all campaigns of a channel are compared together. new_since is the first day of what
--   began within these 14 days: it has no whole week before, so it comes last and its change is empty. Revenue of the
--   last 7 days still grows.
WITH
--# include fragments/complete_days.sql,
--# include fragments/daily_rows.sql,
    -- One row is one mover.
    movers AS
    (
        SELECT
            daily.account AS account,
            daily.kind AS kind,
            daily.id AS id,
            argMaxIf(daily.name, (daily.day, daily.name), daily.name != '') AS name,
            daily.channel AS channel,
            -- What never reached anybody has no first day, and is old.
            minIf(daily.day, daily.sent > 0) AS began,
            any(days.last_day) AS last_day,
            began > last_day - 13 AS is_new,
            sumIf(daily.millionths, daily.day > days.last_day - 7) AS millionths_now,
            sumIf(daily.millionths, daily.day BETWEEN days.last_day - 13 AND days.last_day - 7) AS millionths_before,
            sumIf(toUInt64(daily.buyers), daily.day > days.last_day - 7) AS buyers_now,
            sumIf(toUInt64(daily.buyers), daily.day BETWEEN days.last_day - 13 AND days.last_day - 7) AS buyers_before,
            count() OVER (PARTITION BY daily.account) AS of_rows
        FROM daily_rows AS daily
        ALL INNER JOIN complete_days AS days ON days.account = daily.account
        WHERE
            daily.day <= days.last_day
            -- No change without a whole baseline.
            AND days.first_day <= days.last_day - 13
        GROUP BY
            daily.account,
            daily.kind,
            daily.id,
            daily.channel
        HAVING millionths_now != millionths_before
        ORDER BY
            account,
            is_new,
            abs(millionths_now - millionths_before) DESC,
            kind,
            id,
            channel
        LIMIT {limit:UInt16} BY account
    )
SELECT
    mover.account AS account,
    if(mover.kind = 'flows', mover.name, 'all campaigns') AS what,
    mover.channel AS channel,
    mover.millionths_now / 1000000 AS last_7_days,
    if(mover.is_new, NULL, mover.millionths_before / 1000000) AS previous_7_days,
    if(mover.is_new, NULL, (mover.millionths_now - mover.millionths_before) / 1000000) AS change,
    if(mover.kind = 'flows', 'flow', mover.kind) AS kind,
    mover.buyers_now AS conversions,
    if(mover.is_new, NULL, mover.buyers_before) AS conversions_before,
    if(mover.is_new, mover.began, NULL) AS new_since,
    mover.of_rows AS of_rows
FROM movers AS mover
ORDER BY
    account,
    change DESC NULLS LAST,
    last_7_days DESC,
    mover.kind,
    mover.id,
    channel
