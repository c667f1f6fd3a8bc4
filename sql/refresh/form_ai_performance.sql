-- One row is one form on one day: views, submits, and its 7-day submit rate against the account's forms.
WITH
--# include fragments/thresholds.sql,
    -- One row is one form on one day. Reading begins with the first day that a trend or the benchmark looks at.
    form_days AS
    (
        SELECT
            s.klaviyo_public_id AS klaviyo_public_id,
            s.date AS date,
            s.form_id AS form_id,
            argMaxIf(s.form_name, (s.last_updated, s.form_name), s.form_name != '') AS form_name,
            sum(s.viewed_form) AS views,
            sum(s.viewed_form_uniques) AS viewers,
            sum(s.submits) AS all_submits,
            sum(s.submits_unique) AS submitters,
            sum(s.viewed_form_step) AS viewed_steps,
            sum(s.submitted_form_step) AS submitted_steps,
            least(s.date, {last_complete:Date}) AS ends_on,
            s.date <= {last_complete:Date} AS is_complete,
            -- What every form of the account is compared with.
            s.date >= {as_of:Date} - 89 AS is_benchmark,
            countIf(is_benchmark) OVER account AS benchmark_rows,
            sumIf(sum(s.viewed_form), is_benchmark) OVER account AS benchmark_views,
            sumIf(sum(s.submits), is_benchmark) OVER account AS benchmark_submits
        FROM form_statistics_latest AS s
        WHERE s.klaviyo_public_id IN {accounts:Array(String)}
            AND s.date BETWEEN least({start:Date} - 13, {as_of:Date} - 89) AND {as_of:Date}
        GROUP BY s.klaviyo_public_id, s.date, s.form_id
        WINDOW account AS (PARTITION BY klaviyo_public_id)
    ),
    -- The 7 days of a form and the 7 days before. A missing day is a zero day. Days that are not complete add nothing
    -- and share the window of the last complete day (ends_on).
    trends AS
    (
        SELECT
            d.*,
            sumIf(d.views, d.is_complete) OVER week AS week_views,
            sumIf(d.all_submits, d.is_complete) OVER week AS week_submits,
            sumIf(d.views, d.is_complete) OVER prior_week AS prior_views,
            sumIf(d.all_submits, d.is_complete) OVER prior_week AS prior_submits,
            -- One day of a form is a small sample: the label judges the 7 days. Six decimals, so that floating point
            -- decides nothing. Not a number if too little is behind either rate.
            if(week_views >= least_volume, week_submits / week_views, nan) AS judged_rate,
            round(judged_rate / benchmark_rate, 6) AS judged_ratio,
            ifNotFinite(d.benchmark_submits / d.benchmark_views, 0) AS average_rate,
            if(d.benchmark_rows >= least_benchmark_rows AND average_rate > 0, average_rate, nan) AS benchmark_rate
        FROM form_days AS d
        WINDOW
            week AS (PARTITION BY klaviyo_public_id, form_id ORDER BY ends_on
                RANGE BETWEEN 6 PRECEDING AND CURRENT ROW),
            prior_week AS (PARTITION BY klaviyo_public_id, form_id ORDER BY ends_on
                RANGE BETWEEN 13 PRECEDING AND 7 PRECEDING)
    ),
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
    toFloat32(ifNotFinite(r.all_submits / r.views, 0)) AS submit_rate,
    toFloat32(ifNotFinite(r.submitters / r.viewers, 0)) AS unique_submit_rate,
    accurateCast(r.viewed_steps, 'UInt32') AS step_views,
    accurateCast(r.submitted_steps, 'UInt32') AS step_submits,
    toFloat32(ifNotFinite(r.submitted_steps / r.viewed_steps, 0)) AS step_completion_rate,
    toFloat32(ifNotFinite(r.week_submits / r.week_views, 0)) AS ma_7day_submit_rate,
    -- Without views a rate is unknown, not fallen to nothing: no change is shown.
    toFloat32(ifNotFinite(
        (r.week_submits / r.week_views / ifNotFinite(r.prior_submits / r.prior_views, 0) - 1) * 100, 0
    )) AS wow_submit_rate_change_pct,
    toFloat32(r.average_rate) AS account_avg_submit_rate,
    toFloat32(ifNotFinite((r.all_submits / r.views / r.average_rate - 1) * 100, 0)) AS vs_account_submit_rate_pct,
    judged_ratio > excellent_above AS is_high_performer,
    judged_ratio < needs_attention_below AS is_low_performer,
    label AS performance_label,
    toDateTime({updated_at:UInt32}) AS updated_at,
    r.prior_views > 0 AS has_prior_week,
    CAST(if(isNaN(judged_ratio), 'none', 'submit_rate'), 'LowCardinality(String)') AS label_basis
FROM trends AS r
WHERE r.date >= {start:Date}
