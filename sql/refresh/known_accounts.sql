-- One row is one account that some source has on any date and that equals an asked one but for upper and lower case.
SELECT DISTINCT s.klaviyo_public_id AS klaviyo_public_id
FROM
(
    SELECT klaviyo_public_id
    FROM campaign_statistics_latest
    WHERE lower(klaviyo_public_id) IN {lower_accounts:Array(String)}
    UNION DISTINCT
    SELECT klaviyo_public_id
    FROM flow_statistics_latest
    WHERE lower(klaviyo_public_id) IN {lower_accounts:Array(String)}
    UNION DISTINCT
    SELECT klaviyo_public_id
    FROM form_statistics_latest
    WHERE lower(klaviyo_public_id) IN {lower_accounts:Array(String)}
    UNION DISTINCT
    SELECT klaviyo_public_id
    FROM segment_statistics_latest
    WHERE lower(klaviyo_public_id) IN {lower_accounts:Array(String)}
) AS s
ORDER BY klaviyo_public_id
