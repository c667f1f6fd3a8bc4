    -- The change on the week before, and the additive columns.
    toFloat32(ifNotFinite((r.week_revenue / r.prior_revenue - 1) * 100, 0)) AS wow_revenue_change_pct,
    -- Without deliveries a rate is unknown, not fallen to nothing: no change is shown.
    toFloat32(ifNotFinite(
        (r.week_opens / r.week_delivered / ifNotFinite(r.prior_opens / r.prior_delivered, 0) - 1) * 100, 0
    )) AS wow_open_rate_change_pct,
    toDateTime({updated_at:UInt32}) AS updated_at,
    accurateCast(r.delivered, 'UInt32') AS total_delivered,
    accurateCast(r.opens_unique, 'UInt32') AS total_opens_unique,
    accurateCast(r.clicks_unique, 'UInt32') AS total_clicks_unique,
    accurateCast(r.conversion_uniques, 'UInt32') AS total_conversion_uniques,
    r.prior_delivered > 0 AS has_prior_week,
    r.prior_revenue / 1000000 AS revenue_prior_week
