-- One row is one account in one source that a refresh would read: how much there is, and how far it reaches. An empty
-- list of accounts asks for all.
WITH
    -- The earliest date that any table's refresh reads.
    least({start:Date} - 33, toMonday({start:Date}) - 7, {as_of:Date} - 89) AS read_start,
    empty({accounts:Array(String)}) AS every_account
SELECT
    -- An id may hold any bytes, but only text can be reported.
    toValidUTF8(s.klaviyo_public_id) AS account_id,
    s.source_name AS source_name,
    sum(s.row_count) AS rows_to_read,
    sum(s.recent_rows) AS rows_in_window,
    max(s.newest_day) AS newest_date,
    max(s.newest_update) AS newest_update,
    groupUniqArrayArray(s.days) AS dates
FROM
(
    SELECT
        klaviyo_public_id,
        'campaign' AS source_name,
        count() AS row_count,
        countIf(date >= toMonday({start:Date})) AS recent_rows,
        max(date) AS newest_day,
        max(last_updated) AS newest_update,
        groupUniqArray(date) AS days
    FROM campaign_statistics_latest
    WHERE date BETWEEN read_start AND {as_of:Date} AND (every_account OR klaviyo_public_id IN {accounts:Array(String)})
    GROUP BY klaviyo_public_id
    UNION ALL
    SELECT
        klaviyo_public_id,
        'flow' AS source_name,
        count() AS row_count,
        countIf(date >= toMonday({start:Date})) AS recent_rows,
        max(date) AS newest_day,
        max(last_updated) AS newest_update,
        groupUniqArray(date) AS days
    FROM flow_statistics_latest
    WHERE date BETWEEN read_start AND {as_of:Date} AND (every_account OR klaviyo_public_id IN {accounts:Array(String)})
    GROUP BY klaviyo_public_id
    UNION ALL
    SELECT
        klaviyo_public_id,
        'form' AS source_name,
        count() AS row_count,
        countIf(date >= toMonday({start:Date})) AS recent_rows,
        max(date) AS newest_day,
        max(last_updated) AS newest_update,
        emptyArrayDate() AS days
    FROM form_statistics_latest
    WHERE date BETWEEN read_start AND {as_of:Date} AND (every_account OR klaviyo_public_id IN {accounts:Array(String)})
    GROUP BY klaviyo_public_id
    UNION ALL
    SELECT
        klaviyo_public_id,
        'segment' AS source_name,
        count() AS row_count,
        countIf(date >= toMonday({start:Date})) AS recent_rows,
        max(date) AS newest_day,
        max(last_updated) AS newest_update,
        emptyArrayDate() AS days
    FROM segment_statistics_latest
    WHERE date BETWEEN read_start AND {as_of:Date} AND (every_account OR klaviyo_public_id IN {accounts:Array(String)})
    GROUP BY klaviyo_public_id
) AS s
GROUP BY
    s.klaviyo_public_id,
    s.source_name
ORDER BY
    account_id,
    source_name
