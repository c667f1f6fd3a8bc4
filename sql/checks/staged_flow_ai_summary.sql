-- One row is one account in a staging copy of flow_ai_summary: what to know before it is published.
-- Reads every row without FINAL, as the readers of the table do.
SELECT
    s.klaviyo_public_id AS klaviyo_public_id,
    countIf(s.date BETWEEN {window_start:Date} AND {window_end:Date}) AS rows_window,
    countIf(s.date NOT BETWEEN {window_start:Date} AND {window_end:Date}) AS rows_kept,
    toUInt64(count() - uniqExact(s.date, s.flow_id, s.flow_message_id, s.send_channel)) AS duplicate_keys,
    countIf(s.date BETWEEN {window_start:Date} AND {window_end:Date} AND NOT (
        isFinite(s.conversion_value)
        AND isFinite(s.open_rate)
        AND isFinite(s.click_rate)
        AND isFinite(s.click_to_open_rate)
        AND isFinite(s.conversion_rate)
        AND isFinite(s.revenue_per_recipient)
        AND isFinite(s.ma_7day_open_rate)
        AND isFinite(s.ma_7day_click_rate)
        AND isFinite(s.ma_7day_conversion_rate)
        AND isFinite(s.ma_7day_revenue)
        AND isFinite(s.wow_open_rate_change_pct)
        AND isFinite(s.wow_click_rate_change_pct)
        AND isFinite(s.wow_revenue_change_pct)
        AND isFinite(s.account_avg_open_rate)
        AND isFinite(s.account_avg_click_rate)
        AND isFinite(s.account_avg_revenue)
        AND isFinite(s.vs_account_open_rate_pct)
        AND isFinite(s.vs_account_click_rate_pct)
        AND isFinite(s.vs_account_revenue_pct)
        AND isFinite(s.revenue_prior_week)
    )) AS not_finite,
    countIf(s.klaviyo_public_id NOT IN {accounts:Array(String)}) AS foreign_rows
FROM {staging:Identifier} AS s
GROUP BY s.klaviyo_public_id
ORDER BY s.klaviyo_public_id
