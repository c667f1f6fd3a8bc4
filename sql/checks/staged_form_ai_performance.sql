-- One row is one account in a staging copy of form_ai_performance: what to know before it is published.
-- Reads every row without FINAL, as the readers of the table do.
SELECT
    s.klaviyo_public_id AS klaviyo_public_id,
    countIf(s.date BETWEEN {window_start:Date} AND {window_end:Date}) AS rows_window,
    countIf(s.date NOT BETWEEN {window_start:Date} AND {window_end:Date}) AS rows_kept,
    toUInt64(count() - uniqExact(s.date, s.form_id)) AS duplicate_keys,
    countIf(s.date BETWEEN {window_start:Date} AND {window_end:Date} AND NOT (
        isFinite(s.submit_rate)
        AND isFinite(s.unique_submit_rate)
        AND isFinite(s.step_completion_rate)
        AND isFinite(s.ma_7day_submit_rate)
        AND isFinite(s.wow_submit_rate_change_pct)
        AND isFinite(s.account_avg_submit_rate)
        AND isFinite(s.vs_account_submit_rate_pct)
    )) AS not_finite,
    countIf(s.klaviyo_public_id NOT IN {accounts:Array(String)}) AS foreign_rows
FROM {staging:Identifier} AS s
GROUP BY s.klaviyo_public_id
ORDER BY s.klaviyo_public_id
