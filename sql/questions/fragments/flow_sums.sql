    -- The sums of one flow on one channel, over the rows of the including question.
    flow.klaviyo_public_id AS account,
    argMax(flow.flow_name, flow.date) AS flow,
    flow.send_channel AS channel,
    sum(flow.delivered) AS delivered,
    if(max(flow.account_avg_open_rate) > 0 AND sum(flow.delivered) > 0,
        round(100 * sum(flow.opens_unique) / sum(flow.delivered), 1), NULL) AS open_rate_pct,
    if(sum(flow.delivered) > 0, round(100 * sum(flow.clicks_unique) / sum(flow.delivered), 2), NULL) AS click_rate_pct,
    round(sum(toInt128(round(flow.conversion_value * 1000000))) / 1000000, 2) AS revenue,
    if(sum(flow.delivered) > 0,
        round(sum(toInt128(round(flow.conversion_value * 1000000))) / 1000 / sum(flow.delivered), 2), NULL)
        AS revenue_per_1000
FROM flow_ai_summary AS flow FINAL
ALL INNER JOIN complete_days ON complete_days.account = flow.klaviyo_public_id
