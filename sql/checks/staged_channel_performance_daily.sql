-- One row is one account in a staging copy of channel_performance_daily: what to know before it is published.
-- Reads every row without FINAL, as the readers of the table do.
SELECT
    s.klaviyo_public_id AS klaviyo_public_id,
    countIf(s.date BETWEEN {window_start:Date} AND {window_end:Date}) AS rows_window,
    countIf(s.date NOT BETWEEN {window_start:Date} AND {window_end:Date}) AS rows_kept,
    toUInt64(count() - uniqExact(s.date, s.send_channel)) AS duplicate_keys,
    countIf(s.date BETWEEN {window_start:Date} AND {window_end:Date} AND NOT (
        isFinite(s.total_revenue)
        AND isFinite(s.avg_open_rate)
        AND isFinite(s.avg_click_rate)
        AND isFinite(s.avg_conversion_rate)
        AND isFinite(s.revenue_per_recipient)
        AND isFinite(s.pct_of_total_revenue)
        AND isFinite(s.pct_of_total_sends)
    )) AS not_finite,
    countIf(s.klaviyo_public_id NOT IN {accounts:Array(String)}) AS foreign_rows
FROM {staging:Identifier} AS s
GROUP BY s.klaviyo_public_id
ORDER BY s.klaviyo_public_id
