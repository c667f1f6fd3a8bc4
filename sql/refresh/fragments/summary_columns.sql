    -- The columns that the campaign and the flow summary share: r is the row, t the trend of its stream or flow.
    accurateCast(r.recipients, 'UInt32') AS recipients,
    accurateCast(r.opens, 'UInt32') AS opens,
    accurateCast(r.opens_unique, 'UInt32') AS opens_unique,
    accurateCast(r.clicks, 'UInt32') AS clicks,
    accurateCast(r.clicks_unique, 'UInt32') AS clicks_unique,
    accurateCast(r.conversions, 'UInt32') AS conversions,
    row_revenue AS conversion_value,
    toFloat32(row_open_rate) AS open_rate,
    toFloat32(row_click_rate) AS click_rate,
    toFloat32(if(r.opens_unique = 0, 0, r.clicks_unique / r.opens_unique)) AS click_to_open_rate,
    toFloat32(if(r.delivered = 0, 0, r.conversion_uniques / r.delivered)) AS conversion_rate,
    toFloat32(if(r.delivered = 0, 0, row_revenue / r.delivered)) AS revenue_per_recipient,
    accurateCast(r.bounced, 'UInt32') AS bounced,
    accurateCast(r.unsubscribes, 'UInt32') AS unsubscribes,
    accurateCast(r.spam_complaints, 'UInt32') AS spam_complaints,
    toDayOfWeek(r.date) AS day_of_week,
    dateName('weekday', r.date) AS day_name,
    toUInt8(toDayOfWeek(r.date) >= 6) AS is_weekend,
    toFloat32(week_open_rate) AS ma_7day_open_rate,
    toFloat32(week_click_rate) AS ma_7day_click_rate,
    toFloat32(if(t.week_delivered = 0, 0, t.week_conversions / t.week_delivered)) AS ma_7day_conversion_rate,
    t.week_revenue / 1000000 / 7 AS ma_7day_revenue,
    -- Without deliveries a rate is unknown, not fallen to nothing: no change is shown.
    toFloat32(if(
        t.week_delivered = 0 OR prior_open_rate = 0,
        0,
        (week_open_rate / prior_open_rate - 1) * 100
    )) AS wow_open_rate_change_pct,
    toFloat32(if(
        t.week_delivered = 0 OR prior_click_rate = 0,
        0,
        (week_click_rate / prior_click_rate - 1) * 100
    )) AS wow_click_rate_change_pct,
    toFloat32(if(
        t.prior_revenue = 0,
        0,
        (t.week_revenue / t.prior_revenue - 1) * 100
    )) AS wow_revenue_change_pct,
    toFloat32(t.average_open_rate) AS account_avg_open_rate,
    toFloat32(t.average_click_rate) AS account_avg_click_rate,
    t.average_revenue AS account_avg_revenue,
    toFloat32(if(
        r.delivered = 0 OR t.average_open_rate = 0,
        0,
        (row_open_rate / t.average_open_rate - 1) * 100
    )) AS vs_account_open_rate_pct,
    toFloat32(if(
        r.delivered = 0 OR t.average_click_rate = 0,
        0,
        (row_click_rate / t.average_click_rate - 1) * 100
    )) AS vs_account_click_rate_pct,
    toFloat32(if(
        t.average_revenue = 0,
        0,
        (row_revenue / t.average_revenue - 1) * 100
    )) AS vs_account_revenue_pct,
    toUInt8(label = 'Excellent') AS is_high_performer,
    toUInt8(label = 'Needs Attention') AS is_low_performer,
    toUInt8(
        t.is_complete
        AND watched_delivered >= least_anomaly_delivered
        AND t.sample_values >= least_anomaly_values
        AND t.sample_mean > 0
        AND watched_distance > round(anomaly_deviations * t.sample_deviation, 9)
        AND watched_distance >= round(anomaly_distance * t.sample_mean, 9)
    ) AS is_anomaly,
    label AS performance_label,
    toDateTime({updated_at:UInt32}) AS updated_at,
    accurateCast(r.delivered, 'UInt32') AS delivered,
    accurateCast(r.conversion_uniques, 'UInt32') AS conversion_uniques,
    toUInt8(t.prior_delivered > 0) AS has_prior_week,
    t.prior_revenue / 1000000 AS revenue_prior_week,
    CAST(
        multiIf(label = 'Not Enough Data', 'none', t.by_opens, 'open_rate', 'click_rate'),
        'LowCardinality(String)'
    ) AS label_basis,
    toUInt8(r.date <= {as_of:Date} - 7) AS is_settled
