-- Fills a staging table: the new rows of the window, and the kept rows outside it as one unbroken history.
-- A refresh names its columns in the table's order: one more SELECT around it would be planned for nothing.
INSERT INTO {staging:Identifier} (<<columns>>)
(
<<rows>>
)
UNION ALL
SELECT <<columns>>
FROM {target:Identifier} FINAL
WHERE klaviyo_public_id IN {accounts:Array(String)}
    AND NOT (<<date_column>> BETWEEN {window_start:Date} AND {window_end:Date})
