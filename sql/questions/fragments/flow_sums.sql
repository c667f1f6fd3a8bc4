    -- The sums of one flow on one channel, over the rows of the including question.
    flow.klaviyo_public_id AS account,
    -- The newest name that is not empty.
    argMaxIf(flow.flow_name, (flow.date, flow.flow_name), flow.flow_name != '') AS flow,
    flow.send_channel AS channel,
    sum(flow.delivered) AS delivered,
    -- One stray open makes no channel of opens.
    if(argMax(flow.account_avg_open_rate, flow.date) >= toFloat32(0.01) AND sum(flow.delivered) > 0,
        100 * sum(flow.opens_unique) / sum(flow.delivered), NULL) AS open_rate_pct,
    if(sum(flow.delivered) > 0, 100 * sum(flow.clicks_unique) / sum(flow.delivered), NULL) AS click_rate_pct,
    sum(toInt128(round(flow.conversion_value * 1000000))) / 1000000 AS revenue,
    if(sum(flow.delivered) > 0,
        sum(toInt128(round(flow.conversion_value * 1000000))) / 1000 / sum(flow.delivered), NULL)
        AS revenue_per_1000,
    count() OVER (PARTITION BY flow.klaviyo_public_id) AS of_rows
