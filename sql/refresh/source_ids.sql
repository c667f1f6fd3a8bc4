-- One row is one account id that some source has on any date.
SELECT DISTINCT toValidUTF8(s.klaviyo_public_id) AS account_id
FROM
(
    SELECT klaviyo_public_id
    FROM campaign_statistics_latest
    UNION DISTINCT
    SELECT klaviyo_public_id
    FROM flow_statistics_latest
    UNION DISTINCT
    SELECT klaviyo_public_id
    FROM form_statistics_latest
    UNION DISTINCT
    SELECT klaviyo_public_id
    FROM segment_statistics_latest
) AS s
ORDER BY account_id
