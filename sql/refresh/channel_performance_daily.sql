-- One row is one channel of an account on one day, campaigns and flows together.
WITH
--# include fragments/channel_days.sql
    -- The day's totals stand beside every channel, for shares and ranks.
    ranked AS
    (
        SELECT
            d.*,
            if(d.delivered = 0, 0, d.clicks_unique / d.delivered) AS click_rate,
            sum(d.revenue_micros) OVER whole_day AS day_revenue_micros,
            sum(d.sends) OVER whole_day AS day_sends,
            row_number() OVER (
                PARTITION BY klaviyo_public_id, date ORDER BY d.revenue_micros DESC, d.send_channel
            ) AS place_by_revenue,
            row_number() OVER (
                PARTITION BY klaviyo_public_id, date ORDER BY click_rate DESC, d.send_channel
            ) AS place_by_clicks
        FROM channel_days AS d
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
    toFloat32(if(r.delivered = 0, 0, r.opens_unique / r.delivered)) AS avg_open_rate,
    toFloat32(r.click_rate) AS avg_click_rate,
    toFloat32(if(r.delivered = 0, 0, r.conversion_uniques / r.delivered)) AS avg_conversion_rate,
    toFloat32(if(r.delivered = 0, 0, total_revenue / r.delivered)) AS revenue_per_recipient,
    accurateCast(r.place_by_revenue, 'UInt8') AS revenue_rank,
    accurateCast(r.place_by_clicks, 'UInt8') AS engagement_rank,
    toFloat32(if(r.day_revenue_micros = 0, 0, r.revenue_micros / r.day_revenue_micros * 100)) AS pct_of_total_revenue,
    toFloat32(if(r.day_sends = 0, 0, r.sends / r.day_sends * 100)) AS pct_of_total_sends,
    toDateTime({updated_at:UInt32}) AS updated_at,
    accurateCast(r.delivered, 'UInt32') AS total_delivered,
    accurateCast(r.opens_unique, 'UInt32') AS total_opens_unique,
    accurateCast(r.clicks_unique, 'UInt32') AS total_clicks_unique,
    accurateCast(r.conversion_uniques, 'UInt32') AS total_conversion_uniques
FROM ranked AS r
