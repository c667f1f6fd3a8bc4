    -- One row is one day of a flow message, or of a campaign: campaigns have neither id nor name here, since all of a
    -- channel are compared together.
    daily_rows AS
    (
        SELECT
            campaign.klaviyo_public_id AS account,
            campaign.date AS day,
            'campaigns' AS kind,
            '' AS id,
            '' AS name,
            campaign.send_channel AS channel,
            campaign.recipients AS sent,
            campaign.delivered AS reached,
            campaign.opens_unique AS openers,
            campaign.account_avg_open_rate >= toFloat32(0.01) AS tracks_opens,
            campaign.conversion_uniques AS buyers,
            toInt128(round(campaign.conversion_value * 1000000)) AS millionths
        FROM campaign_ai_summary AS campaign FINAL
        WHERE campaign.klaviyo_public_id IN {accounts:Array(String)}
        UNION ALL
        SELECT
            flow.klaviyo_public_id AS account,
            flow.date AS day,
            'flows' AS kind,
            flow.flow_id AS id,
            flow.flow_name AS name,
            flow.send_channel AS channel,
            flow.recipients AS sent,
            flow.delivered AS reached,
            flow.opens_unique AS openers,
            flow.account_avg_open_rate >= toFloat32(0.01) AS tracks_opens,
            flow.conversion_uniques AS buyers,
            toInt128(round(flow.conversion_value * 1000000)) AS millionths
        FROM flow_ai_summary AS flow FINAL
        WHERE flow.klaviyo_public_id IN {accounts:Array(String)}
    )
