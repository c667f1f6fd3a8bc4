-- One row is one period to come, of the whole account or one channel: where its revenue will land.
-- question: Where will revenue land this month and next
-- parameter: limit UInt16 1..1000 = 12: rows per account, the whole account first
-- decimals: already_in 2, expected 2, lower_80 2, upper_80 2
-- money: already_in, expected, lower_80, upper_80
-- least: made_on, from_day, to_day, already_in, lower_80+upper_80
-- answer: channel all is the whole account, and the channels add up to it, their bounds do not. In 8 of 10 cases the
--   period ends between lower_80 and upper_80. already_in is what was in when the forecast was made, through the day
--   before made_on. in_words says it in sentences, and why there is no forecast where there is none.
-- empty: no forecast was made: `aiviews populate` makes one after a refresh
WITH
    -- One row is one period with what its sentences need: figures rounded to what the band can tell, with ¤ for the
    -- currency, which aiviews replaces by the account's.
    periods AS
    (
        SELECT
            outlook.klaviyo_public_id AS account,
            outlook.send_channel AS channel,
            outlook.period AS period,
            outlook.from_day AS from_day,
            outlook.to_day AS to_day,
            outlook.already_in AS already_in,
            outlook.expected AS expected,
            outlook.lower_80 AS lower_80,
            outlook.upper_80 AS upper_80,
            outlook.event AS event,
            outlook.reason AS reason,
            outlook.made_on AS made_on,
            ifNull(outlook.upper_80 - outlook.lower_80, 0) AS width,
            toUInt8(greatest(0, floor(log10(greatest(width, 1) / 9)))) AS zeros,
            arrayMap(
                number -> concat('¤', replaceRegexpOne(replaceRegexpOne(
                    toString(toUInt64(round(number / pow(10, zeros)) * pow(10, zeros))),
                    '^([0-9]+)([0-9][0-9][0-9])$', '\\1,\\2'), '^([0-9]+)([0-9][0-9][0-9],)', '\\1,\\2')),
                [outlook.already_in, ifNull(outlook.expected, 0), ifNull(outlook.lower_80, 0),
                    ifNull(outlook.upper_80, 0)]) AS figures,
            dateName('month', outlook.from_day) AS month,
            -- Who has not been refreshed for days is not told of a month that is over as of this one.
            toDate(now(serverTimezone())) <= if(outlook.period = 'this_month',
                least(outlook.to_day, outlook.made_on + 2), outlook.made_on + 2) AS is_of_today
        FROM ai_revenue_outlook AS outlook
        WHERE outlook.klaviyo_public_id IN {accounts:Array(String)} AND outlook.period != 'next_28_days'
    ),
    -- One row is the same beside what this month is expected to earn a day.
    compared AS
    (
        SELECT
            period.*,
            maxIf(period.expected / (period.to_day - period.from_day + 1), period.period = 'this_month')
                OVER (PARTITION BY account, period.channel) AS a_day_this_month,
            anyIf(period.month, period.period = 'this_month') OVER (PARTITION BY account, period.channel) AS this_month,
            100 * (period.expected / (period.to_day - period.from_day + 1) / nullIf(a_day_this_month, 0) - 1)
                AS change_pct
        FROM periods AS period
    )
SELECT
    compared.account AS account,
    compared.channel AS channel,
    compared.period AS period,
    compared.from_day AS from_day,
    compared.to_day AS to_day,
    compared.already_in AS already_in,
    compared.expected AS expected,
    compared.lower_80 AS lower_80,
    compared.upper_80 AS upper_80,
    concat(
        multiIf(
            compared.expected IS NULL, concat('There is no forecast: ', compared.reason, '.'),
            compared.period = 'this_month', concat(
                if(compared.is_of_today, 'This month', compared.month), ' lands between ',
                compared.figures[3], ' and ', compared.figures[4], ' (8 in 10)', char(59), ' ',
                compared.figures[1], ' are in.'),
            compared.period = 'next_7_days', concat(
                if(compared.is_of_today, 'The next 7 days',
                    concat('The 7 days from ', toString(compared.from_day), ' on')),
                ' earn between ', compared.figures[3], ' and ', compared.figures[4], ' (8 in 10).'),
            concat(
                compared.month, ' will most likely earn about ', compared.figures[2],
                '. The chance is 8 in 10 that it ends between ', compared.figures[3], ' and ', compared.figures[4], '.',
                multiIf(
                    compared.change_pct IS NULL, '',
                    abs(compared.change_pct) < 2, concat(' A day then earns about as much as one in ',
                        compared.this_month, '.'),
                    concat(' A day then earns about ', toString(toUInt32(round(abs(compared.change_pct)))), ' % ',
                        if(compared.change_pct > 0, 'more', 'less'), ' than one in ', compared.this_month, '.')))),
        if(compared.expected IS NULL OR compared.event = '', '', concat(
            ' ', compared.event, ' may change that: the account has not seen it twice, so the range is wider.')),
        if(compared.is_of_today, '', concat(' That was said on ', toString(compared.made_on), '.'))
        ) AS in_words,
    compared.made_on AS made_on,
    count() OVER (PARTITION BY account) AS of_rows
FROM compared
ORDER BY
    account,
    compared.channel != 'all',
    channel,
    indexOf(['this_month', 'next_month', 'next_7_days'], period)
LIMIT {limit:UInt16} BY account
