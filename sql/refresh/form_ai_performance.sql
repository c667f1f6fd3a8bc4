-- One row is one form on one day: views, submits, and its 7-day submit rate against the account's forms.
WITH
--# include fragments/thresholds.sql
--# include fragments/form_days.sql
    -- Running sums: a trailing window is the difference of two of them. Days that are not complete add nothing
    -- and share the window of the last complete day (ends_on).
    running AS
    (
        SELECT
            d.*,
            least(d.date, {last_complete:Date}) AS ends_on,
            d.date <= {last_complete:Date} AS is_complete,
            d.date >= {as_of:Date} - 89 AS is_benchmark,
            sumIf(d.views, is_complete) OVER to_end AS views_to_end,
            sumIf(d.views, is_complete) OVER to_week_ago AS views_to_week_ago,
            sumIf(d.views, is_complete) OVER to_fortnight_ago AS views_to_fortnight_ago,
            sumIf(d.all_submits, is_complete) OVER to_end AS submits_to_end,
            sumIf(d.all_submits, is_complete) OVER to_week_ago AS submits_to_week_ago,
            sumIf(d.all_submits, is_complete) OVER to_fortnight_ago AS submits_to_fortnight_ago,
            countIf(is_benchmark) OVER account AS benchmark_rows,
            sumIf(d.views, is_benchmark) OVER account AS benchmark_views,
            sumIf(d.all_submits, is_benchmark) OVER account AS benchmark_submits
        FROM form_days AS d
        WINDOW
            account AS (PARTITION BY klaviyo_public_id),
            to_end AS (PARTITION BY klaviyo_public_id, form_id ORDER BY ends_on
                RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW),
            to_week_ago AS (PARTITION BY klaviyo_public_id, form_id ORDER BY ends_on
                RANGE BETWEEN UNBOUNDED PRECEDING AND 7 PRECEDING),
            to_fortnight_ago AS (PARTITION BY klaviyo_public_id, form_id ORDER BY ends_on
                RANGE BETWEEN UNBOUNDED PRECEDING AND 14 PRECEDING)
    ),
    trends AS
    (
        SELECT
            w.*,
            w.views_to_end - w.views_to_week_ago AS week_views,
            w.submits_to_end - w.submits_to_week_ago AS week_submits,
            w.views_to_week_ago - w.views_to_fortnight_ago AS prior_views,
            w.submits_to_week_ago - w.submits_to_fortnight_ago AS prior_submits
        FROM running AS w
        WHERE w.date >= {start:Date}
    ),
    -- One day of a form is a small sample: the label judges the 7 days.
    if(r.views = 0, 0, r.all_submits / r.views) AS day_rate,
    if(r.week_views = 0, 0, r.week_submits / r.week_views) AS judged_rate,
    if(r.prior_views = 0, 0, r.prior_submits / r.prior_views) AS prior_rate,
    if(r.benchmark_views = 0, 0, r.benchmark_submits / r.benchmark_views) AS benchmark_rate,
    r.benchmark_rows AS judging_rows,
    r.week_views AS judged_volume,
    0 AS is_too_early,
--# include fragments/label.sql
SELECT
    r.klaviyo_public_id AS klaviyo_public_id,
    r.date AS date,
    r.form_id AS form_id,
    r.form_name AS form_name,
    accurateCast(r.views, 'UInt32') AS total_views,
    accurateCast(r.viewers, 'UInt32') AS unique_views,
    accurateCast(r.all_submits, 'UInt32') AS total_submits,
    accurateCast(r.submitters, 'UInt32') AS unique_submits,
    toFloat32(day_rate) AS submit_rate,
    toFloat32(if(r.viewers = 0, 0, r.submitters / r.viewers)) AS unique_submit_rate,
    accurateCast(r.viewed_steps, 'UInt32') AS step_views,
    accurateCast(r.submitted_steps, 'UInt32') AS step_submits,
    toFloat32(if(r.viewed_steps = 0, 0, r.submitted_steps / r.viewed_steps)) AS step_completion_rate,
    toFloat32(judged_rate) AS ma_7day_submit_rate,
    -- Without views a rate is unknown, not fallen to nothing: no change is shown.
    toFloat32(if(
        r.week_views = 0 OR prior_rate = 0,
        0,
        (judged_rate / prior_rate - 1) * 100
    )) AS wow_submit_rate_change_pct,
    toFloat32(benchmark_rate) AS account_avg_submit_rate,
    toFloat32(if(
        r.views = 0 OR benchmark_rate = 0,
        0,
        (day_rate / benchmark_rate - 1) * 100
    )) AS vs_account_submit_rate_pct,
    toUInt8(label = 'Excellent') AS is_high_performer,
    toUInt8(label = 'Needs Attention') AS is_low_performer,
    label AS performance_label,
    toDateTime({updated_at:UInt32}) AS updated_at,
    toUInt8(r.prior_views > 0) AS has_prior_week,
    CAST(if(label = 'Not Enough Data', 'none', 'submit_rate'), 'LowCardinality(String)') AS label_basis
FROM trends AS r
