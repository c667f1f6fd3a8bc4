-- One row is one account of one summary table. The accounts of all tables are put together of these.
    SELECT klaviyo_public_id, count() AS stored_rows, max(<<date_column>>) AS newest, max(updated_at) AS refreshed
    FROM <<table>>
    GROUP BY klaviyo_public_id
