-- One row is one account in a staging copy of a summary table: what to know before it is published.
-- Reads every row without FINAL, as the readers of the table do.
WITH s.<<date_column>> BETWEEN {window_start:Date} AND {window_end:Date} AS is_in_window
SELECT
    s.klaviyo_public_id AS klaviyo_public_id,
    countIf(is_in_window) AS rows_window,
    countIf(NOT is_in_window) AS rows_kept,
    toUInt64(count() - uniqExact(<<key>>)) AS duplicate_keys,
    countIf(is_in_window AND NOT (<<all_finite>>)) AS not_finite
FROM {staging:Identifier} AS s
GROUP BY s.klaviyo_public_id
ORDER BY klaviyo_public_id
