    -- Usual sales by month, January first.
    [0.88, 0.9, 0.95, 0.98, 1.02, 1, 0.95, 0.94, 1, 1.05, 1.3, 1.28] AS season,
    -- One row is one account with its chances, from 0 to 1. Every chance is a hash of seed, account and purpose, here
    -- and below also of days before last_day and entity: rows depend neither on threads nor on how many accounts or
    -- days are made, and seeding on another day gives the same shapes. Account 0 is the showcase, 1 large, 2 new.
    account_chances AS
    (
        SELECT
            toUInt32(number) AS account,
            cityHash64({seed:UInt64}, account) AS account_hash,
            arrayMap(purpose -> sipHash64(account_hash, purpose) / 18446744073709551616,
                ['age', 'age again', 'size', 'size again']) AS life,
            arrayMap(purpose -> sipHash64(account_hash, purpose) / 18446744073709551616,
                ['open', 'click', 'conversion', 'order', 'growth', 'weekend', 'pace', 'sms', 'push']) AS level
        FROM numbers({first_account:UInt32}, {last_account:UInt32} - {first_account:UInt32} + 1)
    ),
    -- One row is one synthetic account. Ages are in days before last_day.
    seed_accounts AS
    (
        SELECT
            chances.account AS account,
            chances.account_hash AS account_hash,
            -- Steps through the 62^6 ids from XqkVGb: the step shares no factor with 62, so no id comes twice.
            arrayStringConcat(arrayMap(
                place -> substring('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789', 1 + intDiv(
                    (21700322179 + chances.account * (62 * (300000000 + {seed:UInt64} * 7919 % 600000000) + 45))
                        % 56800235584, place) % 62, 1),
                [916132832, 14776336, 238328, 3844, 62, 1])) AS klaviyo_public_id,
            multiIf(
                chances.account < 2, 1100,
                chances.account = 2 OR chances.life[1] < 0.05, 13 + floor(7 * chances.life[2]),
                chances.life[1] >= 0.1 AND chances.life[1] < 0.2, 30 + floor(370 * chances.life[2]),
                400 + floor(2000 * chances.life[2])) AS born_days_ago,
            -- Dormant accounts stopped three to nine weeks ago.
            if(chances.account > 2 AND chances.life[1] >= 0.05 AND chances.life[1] < 0.1,
                21 + floor(40 * chances.life[2]), 0) AS stopped_days_ago,
            -- Log-normal, and rounded, as all of these, so that the last bit of log and cos decides nothing.
            multiIf(chances.account = 0, 42000, chances.account = 1, 260000, chances.account = 2, 2400,
                least(1500000, greatest(150, round(exp(9.3 + 1.3
                    * sqrt(-2 * log(chances.life[3] + 1e-9)) * cos(2 * pi() * chances.life[4])))))) AS audience,
            if(chances.account = 0, 0.41, round(0.22 + 0.3 * chances.level[1], 4)) AS open_rate,
            if(chances.account = 0, 0.021, round(0.006 + 0.03 * chances.level[2] * chances.level[2], 4)) AS click_rate,
            if(chances.account = 0, 0.0028, round(0.0012 + 0.0026 * chances.level[3], 5)) AS conversion_rate,
            if(chances.account = 0, 68, round(25 + 110 * chances.level[4] * chances.level[4], 2)) AS order_value,
            -- Share gained in 30 days, -3 % to +7 %.
            if(chances.account = 0, 0.04, round(-0.03 + 0.1 * chances.level[5], 4)) AS growth,
            round(0.55 + 0.7 * chances.level[6], 3) AS weekend_factor,
            -- Campaigns a day: one in ten days for the smallest, about three a day for the largest.
            if(chances.account = 0, 0.6,
                round(least(3, greatest(0.1, 0.16 * (log(audience) - 5.5) * (0.4 + 1.2 * chances.level[7]))), 3))
                AS campaign_pace,
            if(chances.account = 0, 0.34, if(chances.account = 1 OR (chances.account > 2 AND chances.level[8] < 0.4),
                0.15 + round(0.3 * chances.level[2], 3), 0)) AS sms_share,
            if(chances.account = 1 OR (chances.account > 2 AND chances.level[9] < 0.08), 0.12, 0) AS push_share,
            round(log(audience) - 5, 2) AS size_steps,
            if(audience > 200000,
                [lower(concat(klaviyo_public_id, '-store-1')), lower(concat(klaviyo_public_id, '-store-2'))],
                [lower(concat(klaviyo_public_id, '-store-1'))]) AS store_public_ids
        FROM account_chances AS chances
    ),
    -- One row is one account on one day of the window, from its birth to its last activity. volume is 1 on a usual day.
    account_days AS
    (
        SELECT
            seed_account.*,
            day.number AS days_ago,
            {last_day:Date} - day.number AS date,
            cityHash64(seed_account.account_hash, 'day', day.number) AS day_hash,
            1 / (1 + seed_account.growth * day.number / 30)
                * least(1, (seed_account.born_days_ago - day.number + 3) / 10)
                * if(toDayOfWeek(date) > 5, seed_account.weekend_factor,
                    0.9 + 0.2 * ((toDayOfWeek(date) + seed_account.account_hash) % 5) / 4)
                -- The year: January is slow, November and December are the peak, and a month fades into the next.
                * (season[toMonth(date)]
                    + (season[1 + toMonth(date) % 12] - season[toMonth(date)]) * (toDayOfMonth(date) - 1) / 31)
                -- One day in 150 is a quiet one: a holiday, a broken integration.
                * if(seed_account.account > 0 AND day_hash % 150 = 0, 0.1, 0.92 + 0.16 * (day_hash % 1009) / 1009)
                AS volume
        FROM seed_accounts AS seed_account
        CROSS JOIN numbers({days:UInt32} + 1) AS day
        WHERE day.number BETWEEN seed_account.stopped_days_ago AND seed_account.born_days_ago
    )
