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
