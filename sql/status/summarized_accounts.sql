-- One row is one account that some summary table has and that equals an asked one but for upper and lower case.
SELECT DISTINCT summarized.klaviyo_public_id AS klaviyo_public_id
FROM
(
    SELECT klaviyo_public_id
    FROM campaign_ai_summary
    WHERE lower(klaviyo_public_id) IN {lower_accounts:Array(String)}
    UNION DISTINCT
    SELECT klaviyo_public_id
    FROM flow_ai_summary
    WHERE lower(klaviyo_public_id) IN {lower_accounts:Array(String)}
    UNION DISTINCT
    SELECT klaviyo_public_id
    FROM segment_ai_trends
    WHERE lower(klaviyo_public_id) IN {lower_accounts:Array(String)}
    UNION DISTINCT
    SELECT klaviyo_public_id
    FROM form_ai_performance
    WHERE lower(klaviyo_public_id) IN {lower_accounts:Array(String)}
) AS summarized
ORDER BY klaviyo_public_id
