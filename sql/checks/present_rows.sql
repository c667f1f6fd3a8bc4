-- One row is one account in one summary table: how many rows readers see in and outside the window, at least as many
-- as there are keys, and how many are stored (rows deleted but not yet merged away count, as they do in system.parts).
WITH t.<<date_column>> BETWEEN {window_start:Date} AND {window_end:Date} AS is_in_window
SELECT
    t.klaviyo_public_id AS klaviyo_public_id,
    countIf(t._row_exists AND is_in_window) AS keys_in_window,
    countIf(t._row_exists AND NOT is_in_window) AS keys_outside,
    count() AS rows_visible
FROM {target:Identifier} AS t
WHERE t.klaviyo_public_id IN {accounts:Array(String)}
GROUP BY t.klaviyo_public_id
ORDER BY klaviyo_public_id
SETTINGS apply_deleted_mask = 0
