    -- What more than one column needs of the row itself.
    r.revenue_micros / 1000000 AS row_revenue,
    if(r.delivered = 0, 0, r.opens_unique / r.delivered) AS row_open_rate,
    if(r.delivered = 0, 0, r.clicks_unique / r.delivered) AS row_click_rate,
