-- One row is one account in a live table: the rows that readers see, and the rows that its parts hold.
WITH
    -- What a reader with FINAL sees: row policies apply, deleted and superseded rows are gone.
    seen AS
    (
        SELECT
            klaviyo_public_id,
            countIf({date_column:Identifier} BETWEEN {window_start:Date} AND {window_end:Date}) AS rows_in_window,
            count() AS rows_total
        FROM {target:Identifier} FINAL
        WHERE klaviyo_public_id IN {accounts:Array(String)}
        GROUP BY klaviyo_public_id
    ),
    -- Every row of the active parts that a row policy lets through, also rows that a DELETE has only masked: this
    -- number must equal the partition's rows in system.parts, or something hides rows from the refresher.
    held AS
    (
        SELECT
            klaviyo_public_id,
            countIf({date_column:Identifier} BETWEEN {window_start:Date} AND {window_end:Date}) AS held_in_window,
            count() AS rows_total_visible
        FROM {target:Identifier}
        WHERE klaviyo_public_id IN {accounts:Array(String)}
        GROUP BY klaviyo_public_id
        SETTINGS apply_deleted_mask = 0
    )
SELECT
    h.klaviyo_public_id AS klaviyo_public_id,
    s.rows_in_window AS rows_in_window,
    s.rows_total AS rows_total,
    h.held_in_window AS held_in_window,
    h.rows_total_visible AS rows_total_visible
FROM held AS h
LEFT JOIN seen AS s ON s.klaviyo_public_id = h.klaviyo_public_id
ORDER BY klaviyo_public_id
