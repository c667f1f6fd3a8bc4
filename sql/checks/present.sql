-- One row is one account in one summary table: how many keys readers see in and outside the window (or rows, which are
-- as many or more), and how many rows are stored (deleted but not yet merged away count too, as in system.parts).
WITH
    t.<<date_column>> BETWEEN {window_start:Date} AND {window_end:Date} AS is_in_window,
    <<counted>> AS counted
SELECT
    t.klaviyo_public_id AS klaviyo_public_id,
    <<count>>If(counted, t._row_exists AND is_in_window) AS keys_in_window,
    <<count>>If(counted, t._row_exists AND NOT is_in_window) AS keys_outside,
    count() AS rows_visible
FROM {target:Identifier} AS t
WHERE t.klaviyo_public_id IN {accounts:Array(String)}
GROUP BY t.klaviyo_public_id
ORDER BY klaviyo_public_id
SETTINGS apply_deleted_mask = 0
