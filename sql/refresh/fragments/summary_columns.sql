    -- The columns that the campaign and the flow summary share: r is the row, and what is not qualified is the trend
    -- of its stream or flow. A rate without a denominator is 0, like a change without a baseline.
    accurateCast(r.recipients, 'UInt32') AS recipients,
    accurateCast(r.opens, 'UInt32') AS opens,
    accurateCast(r.opens_unique, 'UInt32') AS opens_unique,
    accurateCast(r.clicks, 'UInt32') AS clicks,
    accurateCast(r.clicks_unique, 'UInt32') AS clicks_unique,
    accurateCast(r.conversions, 'UInt32') AS conversions,
    r.revenue_micros / 1000000 AS conversion_value,
    toFloat32(ifNotFinite(r.opens_unique / r.delivered, 0)) AS open_rate,
    toFloat32(ifNotFinite(r.clicks_unique / r.delivered, 0)) AS click_rate,
    toFloat32(ifNotFinite(r.clicks_unique / r.opens_unique, 0)) AS click_to_open_rate,
    toFloat32(ifNotFinite(r.conversion_uniques / r.delivered, 0)) AS conversion_rate,
    toFloat32(ifNotFinite(conversion_value / r.delivered, 0)) AS revenue_per_recipient,
    accurateCast(r.bounced, 'UInt32') AS bounced,
    accurateCast(r.unsubscribes, 'UInt32') AS unsubscribes,
    accurateCast(r.spam_complaints, 'UInt32') AS spam_complaints,
    toDayOfWeek(r.date) AS day_of_week,
    dateName('weekday', r.date) AS day_name,
    toDayOfWeek(r.date) >= 6 AS is_weekend,
    toFloat32(ifNotFinite(week_opens / week_delivered, 0)) AS ma_7day_open_rate,
    toFloat32(ifNotFinite(week_clicks / week_delivered, 0)) AS ma_7day_click_rate,
    toFloat32(ifNotFinite(week_conversions / week_delivered, 0)) AS ma_7day_conversion_rate,
    week_revenue / 1000000 / 7 AS ma_7day_revenue,
    -- Without deliveries a rate is unknown, not fallen to nothing: no change is shown.
    toFloat32(ifNotFinite(
        (week_opens / week_delivered / ifNotFinite(prior_opens / prior_delivered, 0) - 1) * 100, 0
    )) AS wow_open_rate_change_pct,
    toFloat32(ifNotFinite(
        (week_clicks / week_delivered / ifNotFinite(prior_clicks / prior_delivered, 0) - 1) * 100, 0
    )) AS wow_click_rate_change_pct,
    toFloat32(ifNotFinite((week_revenue / prior_revenue - 1) * 100, 0)) AS wow_revenue_change_pct,
    toFloat32(average_open_rate) AS account_avg_open_rate,
    toFloat32(average_click_rate) AS account_avg_click_rate,
    ifNotFinite(benchmark_revenue / 1000000 / benchmark_sends, 0) AS account_avg_revenue,
    toFloat32(ifNotFinite(
        (r.opens_unique / r.delivered / average_open_rate - 1) * 100, 0
    )) AS vs_account_open_rate_pct,
    toFloat32(ifNotFinite(
        (r.clicks_unique / r.delivered / average_click_rate - 1) * 100, 0
    )) AS vs_account_click_rate_pct,
    toFloat32(ifNotFinite((conversion_value / account_avg_revenue - 1) * 100, 0)) AS vs_account_revenue_pct,
    judged_ratio > excellent_above AS is_high_performer,
    judged_ratio < needs_attention_below AS is_low_performer,
    is_unusual AS is_anomaly,
    label AS performance_label,
    toDateTime({updated_at:UInt32}) AS updated_at,
    accurateCast(r.delivered, 'UInt32') AS delivered,
    accurateCast(r.conversion_uniques, 'UInt32') AS conversion_uniques,
    prior_delivered > 0 AS has_prior_week,
    prior_revenue / 1000000 AS revenue_prior_week,
    CAST(
        multiIf(isNaN(judged_ratio), 'none', by_opens, 'open_rate', 'click_rate'),
        'LowCardinality(String)'
    ) AS label_basis,
    r.date <= {as_of:Date} - 7 AS is_settled
