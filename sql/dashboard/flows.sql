-- One row is one flow on one channel over the days shown.
SELECT
    argMaxIf(flow.flow_name, flow.date, flow.flow_name != '') AS name,
    flow.send_channel AS channel,
    round(sum(flow.conversion_value), 2) AS revenue,
    sum(flow.delivered) AS reached,
    if(reached > 0, round(1000 * sum(flow.conversion_value) / reached, 2), NULL) AS revenue_per_1000,
    if(reached > 0, round(100 * sum(flow.clicks_unique) / reached, 2), NULL) AS click_rate_pct
FROM flow_ai_summary AS flow FINAL
WHERE flow.klaviyo_public_id IN (${account:sqlstring}) AND $__dateFilter(flow.date)
GROUP BY
    flow.flow_id,
    flow.send_channel
ORDER BY revenue DESC
LIMIT 50
