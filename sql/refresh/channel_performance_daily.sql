-- One row is one channel of an account on one day, campaigns and flows together.
WITH
    -- One row is one source row: a campaign message, or a flow message on a day.
    sends AS
    (
        SELECT
            s.klaviyo_public_id AS klaviyo_public_id,
            s.date AS date,
            s.send_channel AS send_channel,
            s.campaign_id AS campaign_or_flow_id,
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
        WHERE s.is_sane AND s.date >= {start:Date} AND s.klaviyo_public_id IN {accounts:Array(String)}
        UNION ALL
        SELECT
            s.klaviyo_public_id AS klaviyo_public_id,
            s.date AS date,
            s.send_channel AS send_channel,
            s.flow_id AS campaign_or_flow_id,
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
        WHERE s.is_sane AND s.date >= {start:Date} AND s.klaviyo_public_id IN {accounts:Array(String)}
    ),
    -- One row is one channel on one day, also if nothing was sent to it. The day's totals stand beside every channel,
    -- for shares and ranks.
    channel_days AS
    (
        SELECT
            s.klaviyo_public_id AS klaviyo_public_id,
            s.date AS date,
            s.send_channel AS send_channel,
            uniqExactIf(s.campaign_or_flow_id, s.recipients > 0 AND s.is_campaign) AS campaigns,
            uniqExactIf(s.campaign_or_flow_id, s.recipients > 0 AND NOT s.is_campaign) AS flows,
            countIf(s.recipients > 0) AS sends,
--# include fragments/message_sums.sql,
            ifNotFinite(sum(s.clicks_unique) / sum(s.delivered), 0) AS click_rate,
            sum(sum(s.revenue_micros)) OVER whole_day AS day_revenue_micros,
            sum(countIf(s.recipients > 0)) OVER whole_day AS day_sends,
            row_number() OVER (
                PARTITION BY klaviyo_public_id, date ORDER BY sum(s.revenue_micros) DESC, send_channel
            ) AS place_by_revenue,
            row_number() OVER (
                PARTITION BY klaviyo_public_id, date ORDER BY click_rate DESC, send_channel
            ) AS place_by_clicks
        FROM sends AS s
        GROUP BY s.klaviyo_public_id, s.date, s.send_channel
        WINDOW whole_day AS (PARTITION BY klaviyo_public_id, date)
    )
SELECT
    r.klaviyo_public_id AS klaviyo_public_id,
    r.date AS date,
    r.send_channel AS send_channel,
    accurateCast(r.campaigns, 'UInt16') AS total_campaigns,
    accurateCast(r.flows, 'UInt16') AS total_flows,
    accurateCast(r.sends, 'UInt16') AS total_sends,
    accurateCast(r.recipients, 'UInt32') AS total_recipients,
    accurateCast(r.opens, 'UInt32') AS total_opens,
    accurateCast(r.clicks, 'UInt32') AS total_clicks,
    accurateCast(r.conversions, 'UInt32') AS total_conversions,
    r.revenue_micros / 1000000 AS total_revenue,
    toFloat32(ifNotFinite(r.opens_unique / r.delivered, 0)) AS avg_open_rate,
    toFloat32(r.click_rate) AS avg_click_rate,
    toFloat32(ifNotFinite(r.conversion_uniques / r.delivered, 0)) AS avg_conversion_rate,
    toFloat32(ifNotFinite(total_revenue / r.delivered, 0)) AS revenue_per_recipient,
    accurateCast(r.place_by_revenue, 'UInt8') AS revenue_rank,
    accurateCast(r.place_by_clicks, 'UInt8') AS engagement_rank,
    toFloat32(ifNotFinite(r.revenue_micros / r.day_revenue_micros * 100, 0)) AS pct_of_total_revenue,
    toFloat32(ifNotFinite(r.sends / r.day_sends * 100, 0)) AS pct_of_total_sends,
    toDateTime({updated_at:UInt32}) AS updated_at,
    accurateCast(r.delivered, 'UInt32') AS total_delivered,
    accurateCast(r.opens_unique, 'UInt32') AS total_opens_unique,
    accurateCast(r.clicks_unique, 'UInt32') AS total_clicks_unique,
    accurateCast(r.conversion_uniques, 'UInt32') AS total_conversion_uniques
FROM channel_days AS r
