-- One row is one sign-up form over a number of complete days.
-- question: Which forms convert and which do not
-- parameter: days UInt16 1..3650 = 30: complete days to look back
-- parameter: limit UInt16 1..1000 = 10: rows per account, those furthest from your average times their views
-- decimals: submit_rate_pct 2, vs_average_pct 0
-- answer: Best submit rate first, forms with fewer than 50 views come last and without a comparison, because they
--   say too little. submit_rate_pct is submits per 100 views, vs_average_pct compares it with all your forms together.
WITH
--# include fragments/complete_days.sql,
    -- One row is one asked account with forms. It may send nothing: then the log says how far runs have read, or else
    -- its newest form row does.
    form_days AS
    (
        SELECT
            refreshed.klaviyo_public_id AS account,
            {published_through:Array(Date)}[indexOf({accounts:Array(String)}, account)] AS logged_through,
            multiIf(
                max(days.account) != '', max(days.last_day),
                logged_through > toDate('1970-01-01'), logged_through,
                least(
                    toDate(now(serverTimezone())),
                    toDate(max((refreshed.date, refreshed.updated_at)).2, serverTimezone())) - 1) AS last_day
        FROM form_ai_performance AS refreshed
        ALL LEFT JOIN complete_days AS days ON days.account = refreshed.klaviyo_public_id
        WHERE refreshed.klaviyo_public_id IN {accounts:Array(String)}
        GROUP BY refreshed.klaviyo_public_id
    ),
    -- One row is one form.
    form_sums AS
    (
        SELECT
            daily.klaviyo_public_id AS account,
            daily.form_id AS id,
            argMaxIf(daily.form_name, daily.date, daily.form_name != '') AS form,
            sum(daily.total_views) AS views,
            sum(daily.total_submits) AS submits,
            sum(sum(daily.total_submits)) OVER (PARTITION BY daily.klaviyo_public_id)
                / sum(sum(daily.total_views)) OVER (PARTITION BY daily.klaviyo_public_id) AS average_rate
        FROM form_ai_performance AS daily FINAL
        ALL INNER JOIN form_days AS days ON days.account = daily.klaviyo_public_id
        WHERE
            daily.klaviyo_public_id IN {accounts:Array(String)}
            AND daily.date > days.last_day - {days:UInt16}
            AND daily.date <= days.last_day
        GROUP BY
            daily.klaviyo_public_id,
            daily.form_id
    ),
    -- The ones that stand out, above or below.
    standing_out AS
    (
        SELECT
            sums.account AS account,
            sums.id AS id,
            sums.form AS form,
            sums.views AS views,
            sums.submits AS submits,
            sums.average_rate AS average_rate,
            sums.views >= 50 AS is_enough,
            count() OVER (PARTITION BY sums.account) AS of_rows
        FROM form_sums AS sums
        ORDER BY
            account,
            is_enough DESC,
            -- How far, times how many: of two forms as far off, the one that more people see matters more.
            abs(submits - average_rate * views) DESC,
            views DESC,
            id
        LIMIT {limit:UInt16} BY account
    )
SELECT
    sums.account AS account,
    sums.form AS form,
    sums.views AS views,
    sums.submits AS submits,
    if(sums.views > 0, 100 * sums.submits / sums.views, NULL) AS submit_rate_pct,
    if(sums.is_enough AND sums.average_rate > 0,
        100 * (sums.submits / sums.views / sums.average_rate - 1), NULL) AS vs_average_pct,
    sums.of_rows AS of_rows
FROM standing_out AS sums
ORDER BY
    account,
    sums.is_enough DESC,
    sums.submits / sums.views DESC,
    views DESC,
    sums.id
