-- One row is one account with source rows that a refresh would read. An empty list of accounts asks for all.
WITH
    -- The earliest date that any table's refresh reads.
    least({start:Date} - 33, toMonday({start:Date}) - 7, {as_of:Date} - 89) AS read_start,
    empty({accounts:Array(String)}) AS every_account
SELECT
    -- An id may hold any bytes, but only text can be reported.
    toValidUTF8(s.klaviyo_public_id) AS account_id,
    count() AS rows_to_read,
    countIf(s.date >= toMonday({start:Date})) AS rows_in_window
FROM
(
    SELECT klaviyo_public_id, date
    FROM campaign_statistics_latest
    WHERE date BETWEEN read_start AND {as_of:Date} AND (every_account OR klaviyo_public_id IN {accounts:Array(String)})
    UNION ALL
    SELECT klaviyo_public_id, date
    FROM flow_statistics_latest
    WHERE date BETWEEN read_start AND {as_of:Date} AND (every_account OR klaviyo_public_id IN {accounts:Array(String)})
    UNION ALL
    SELECT klaviyo_public_id, date
    FROM form_statistics_latest
    WHERE date BETWEEN read_start AND {as_of:Date} AND (every_account OR klaviyo_public_id IN {accounts:Array(String)})
    UNION ALL
    SELECT klaviyo_public_id, date
    FROM segment_statistics_latest
    WHERE date BETWEEN read_start AND {as_of:Date} AND (every_account OR klaviyo_public_id IN {accounts:Array(String)})
) AS s
GROUP BY s.klaviyo_public_id
ORDER BY account_id
