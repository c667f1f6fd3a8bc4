-- One row is one account in a staging copy of segment_ai_trends: what to know before it is published.
-- Reads every row without FINAL, as the readers of the table do.
SELECT
    s.klaviyo_public_id AS klaviyo_public_id,
    countIf(s.date BETWEEN {window_start:Date} AND {window_end:Date}) AS rows_window,
    countIf(s.date NOT BETWEEN {window_start:Date} AND {window_end:Date}) AS rows_kept,
    toUInt64(count() - uniqExact(s.date, s.segment_id)) AS duplicate_keys,
    countIf(s.date BETWEEN {window_start:Date} AND {window_end:Date} AND NOT (
        isFinite(s.growth_rate_pct)
        AND isFinite(s.ma_7day_growth_rate)
        AND isFinite(s.wow_member_change_pct)
        AND isFinite(s.mom_member_change_pct)
    )) AS not_finite,
    countIf(s.klaviyo_public_id NOT IN {accounts:Array(String)}) AS foreign_rows
FROM {staging:Identifier} AS s
GROUP BY s.klaviyo_public_id
ORDER BY s.klaviyo_public_id
