-- One row is one account in a staging copy of campaign_weekly_rollup: what to know before it is published.
-- Reads every row without FINAL, as the readers of the table do.
SELECT
    s.klaviyo_public_id AS klaviyo_public_id,
    countIf(s.week_start_date BETWEEN {window_start:Date} AND {window_end:Date}) AS rows_window,
    countIf(s.week_start_date NOT BETWEEN {window_start:Date} AND {window_end:Date}) AS rows_kept,
    toUInt64(count() - uniqExact(s.week_start_date, s.campaign_id, s.send_channel)) AS duplicate_keys,
    countIf(s.week_start_date BETWEEN {window_start:Date} AND {window_end:Date} AND NOT (
        isFinite(s.total_revenue)
        AND isFinite(s.avg_open_rate)
        AND isFinite(s.avg_click_rate)
        AND isFinite(s.avg_conversion_rate)
        AND isFinite(s.best_day_revenue)
        AND isFinite(s.best_day_open_rate)
        AND isFinite(s.wow_revenue_change_pct)
        AND isFinite(s.wow_open_rate_change_pct)
        AND isFinite(s.revenue_prior_week)
    )) AS not_finite,
    countIf(s.klaviyo_public_id NOT IN {accounts:Array(String)}) AS foreign_rows
FROM {staging:Identifier} AS s
GROUP BY s.klaviyo_public_id
ORDER BY s.klaviyo_public_id
