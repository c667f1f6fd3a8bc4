    -- What a message's row has in either source.
    s.recipients AS recipients,
    s.delivered AS delivered,
    s.opens AS opens,
    s.opens_unique AS opens_unique,
    s.clicks AS clicks,
    s.clicks_unique AS clicks_unique,
    s.conversions AS conversions,
    s.conversion_uniques AS conversion_uniques,
    -- The only revenue that is believed, which NaN is not. Rows of another count nowhere but in the run log.
    s.conversion_value BETWEEN 0 AND 1000000000 AS is_sane,
    -- An integer of a millionth, so that sums are exact in any order.
    toInt128(if(is_sane, round(s.conversion_value * 1000000), 0)) AS revenue_micros,
    s.bounced AS bounced,
    s.unsubscribes AS unsubscribes
