-- One row is one account of the summary tables: its rows in all seven, its newest day and when it was refreshed.
SELECT
    a.klaviyo_public_id AS klaviyo_public_id,
    sum(a.stored_rows) AS row_count,
    toString(max(a.newest)) AS newest_date,
    toString(max(a.refreshed)) AS refreshed_at
FROM
(
    SELECT klaviyo_public_id, count() AS stored_rows, max(date) AS newest, max(updated_at) AS refreshed
    FROM campaign_ai_summary
    GROUP BY klaviyo_public_id
    UNION ALL
    SELECT klaviyo_public_id, count() AS stored_rows, max(date) AS newest, max(updated_at) AS refreshed
    FROM flow_ai_summary
    GROUP BY klaviyo_public_id
    UNION ALL
    SELECT klaviyo_public_id, count() AS stored_rows, max(date) AS newest, max(updated_at) AS refreshed
    FROM channel_performance_daily
    GROUP BY klaviyo_public_id
    UNION ALL
    SELECT klaviyo_public_id, count() AS stored_rows, max(date) AS newest, max(updated_at) AS refreshed
    FROM form_ai_performance
    GROUP BY klaviyo_public_id
    UNION ALL
    SELECT klaviyo_public_id, count() AS stored_rows, max(date) AS newest, max(updated_at) AS refreshed
    FROM segment_ai_trends
    GROUP BY klaviyo_public_id
    UNION ALL
    SELECT klaviyo_public_id, count() AS stored_rows, max(week_start_date) AS newest, max(updated_at) AS refreshed
    FROM campaign_weekly_rollup
    GROUP BY klaviyo_public_id
    UNION ALL
    SELECT klaviyo_public_id, count() AS stored_rows, max(week_start_date) AS newest, max(updated_at) AS refreshed
    FROM flow_weekly_rollup
    GROUP BY klaviyo_public_id
) AS a
GROUP BY a.klaviyo_public_id
ORDER BY klaviyo_public_id
