    -- Totals and rates of the row's own week.
    accurateCast(r.recipients, 'UInt32') AS total_recipients,
    accurateCast(r.opens, 'UInt32') AS total_opens,
    accurateCast(r.clicks, 'UInt32') AS total_clicks,
    accurateCast(r.conversions, 'UInt32') AS total_conversions,
    r.revenue_micros / 1000000 AS total_revenue,
    toFloat32(ifNotFinite(r.opens_unique / r.delivered, 0)) AS avg_open_rate,
    toFloat32(ifNotFinite(r.clicks_unique / r.delivered, 0)) AS avg_click_rate,
    toFloat32(ifNotFinite(r.conversion_uniques / r.delivered, 0)) AS avg_conversion_rate
