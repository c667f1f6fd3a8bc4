-- One row: how many rows the daily tables hold that are dated after as_of. An empty list of accounts asks for all.
SELECT sum(later.row_count) AS later_rows
FROM
(
    SELECT count() AS row_count
    FROM campaign_ai_summary
    WHERE date > {as_of:Date} AND (empty({accounts:Array(String)}) OR klaviyo_public_id IN {accounts:Array(String)})
    UNION ALL
    SELECT count() AS row_count
    FROM flow_ai_summary
    WHERE date > {as_of:Date} AND (empty({accounts:Array(String)}) OR klaviyo_public_id IN {accounts:Array(String)})
) AS later
