-- One row: how much one summary table holds and how fresh it is.
SELECT
    count() AS row_count,
    uniqExact(t.klaviyo_public_id) AS accounts,
    if(count() = 0, '', toString(max(t.updated_at))) AS newest_updated_at,
    if(count() = 0, '', toString(max(t.<<date_column>>))) AS newest_date
FROM {target:Identifier} AS t
