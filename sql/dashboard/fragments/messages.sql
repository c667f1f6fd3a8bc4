    -- One row is one campaign or flow on one day and channel of the accounts and days that are shown.
    messages AS
    (
        SELECT
            campaign.klaviyo_public_id AS account,
            campaign.date AS day,
            'campaign' AS kind,
            campaign.send_channel AS channel,
            campaign.recipients AS sent,
            campaign.delivered AS reached,
            campaign.opens_unique AS openers,
            campaign.clicks_unique AS clickers,
            campaign.unsubscribes AS leavers,
            campaign.spam_complaints AS complainers,
            campaign.bounced AS bounces,
            campaign.conversion_value AS money
        FROM campaign_ai_summary AS campaign FINAL
        WHERE campaign.klaviyo_public_id IN (${account:sqlstring}) AND $__dateFilter(campaign.date)
        UNION ALL
        SELECT
            flow.klaviyo_public_id AS account,
            flow.date AS day,
            'flow' AS kind,
            flow.send_channel AS channel,
            flow.recipients AS sent,
            flow.delivered AS reached,
            flow.opens_unique AS openers,
            flow.clicks_unique AS clickers,
            flow.unsubscribes AS leavers,
            flow.spam_complaints AS complainers,
            flow.bounced AS bounces,
            flow.conversion_value AS money
        FROM flow_ai_summary AS flow FINAL
        WHERE flow.klaviyo_public_id IN (${account:sqlstring}) AND $__dateFilter(flow.date)
    )
