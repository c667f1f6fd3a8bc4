-- One row is one stored part of one account in one table: its rows, and the newest refresh that wrote any of them.
SELECT
    t._part AS part,
    count() AS row_count,
    toUnixTimestamp(max(t.updated_at)) AS newest
FROM {target:Identifier} AS t
WHERE t.klaviyo_public_id = {klaviyo_public_id:String}
GROUP BY t._part
ORDER BY part
