    -- One row is one source row: a campaign message, or a flow message on a day.
    sends AS
    (
        SELECT
            s.klaviyo_public_id AS klaviyo_public_id,
            s.date AS date,
            s.send_channel AS send_channel,
            s.campaign_id AS campaign_id,
            '' AS flow_id,
            s.recipients AS recipients,
            s.delivered AS delivered,
            s.opens AS opens,
            s.opens_unique AS opens_unique,
            s.clicks AS clicks,
            s.clicks_unique AS clicks_unique,
            s.conversions AS conversions,
            s.conversion_uniques AS conversion_uniques,
            s.revenue_micros AS revenue_micros,
            1 AS is_campaign
        FROM {campaign_source:Identifier} AS s
        WHERE s.is_sane AND s.date >= {start:Date}
        UNION ALL
        SELECT
            s.klaviyo_public_id AS klaviyo_public_id,
            s.date AS date,
            s.send_channel AS send_channel,
            '' AS campaign_id,
            s.flow_id AS flow_id,
            s.recipients AS recipients,
            s.delivered AS delivered,
            s.opens AS opens,
            s.opens_unique AS opens_unique,
            s.clicks AS clicks,
            s.clicks_unique AS clicks_unique,
            s.conversions AS conversions,
            s.conversion_uniques AS conversion_uniques,
            s.revenue_micros AS revenue_micros,
            0 AS is_campaign
        FROM {flow_source:Identifier} AS s
        WHERE s.is_sane AND s.date >= {start:Date}
    ),
    -- A channel to which nothing was sent on the day keeps its row.
    channel_days AS
    (
        SELECT
            s.klaviyo_public_id AS klaviyo_public_id,
            s.date AS date,
            s.send_channel AS send_channel,
            uniqExactIf(s.campaign_id, s.recipients > 0 AND s.is_campaign) AS campaigns,
            uniqExactIf(s.flow_id, s.recipients > 0 AND NOT s.is_campaign) AS flows,
            countIf(s.recipients > 0) AS sends,
            sum(s.recipients) AS recipients,
            sum(s.delivered) AS delivered,
            sum(s.opens) AS opens,
            sum(s.opens_unique) AS opens_unique,
            sum(s.clicks) AS clicks,
            sum(s.clicks_unique) AS clicks_unique,
            sum(s.conversions) AS conversions,
            sum(s.conversion_uniques) AS conversion_uniques,
            sum(s.revenue_micros) AS revenue_micros
        FROM sends AS s
        GROUP BY s.klaviyo_public_id, s.date, s.send_channel
    ),
