-- One row is one channel of an account on one day, campaigns and flows together.
WITH
--# include fragments/channel_days.sql
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
