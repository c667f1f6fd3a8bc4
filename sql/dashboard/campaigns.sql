-- One row is one campaign on one channel over the days shown.
SELECT
    min(campaign.date) AS sent_on,
    argMaxIf(campaign.campaign_name, campaign.date, campaign.campaign_name != '') AS name,
    campaign.send_channel AS channel,
    round(sum(campaign.conversion_value), 2) AS revenue,
    sum(campaign.delivered) AS reached,
    if(reached > 0, round(1000 * sum(campaign.conversion_value) / reached, 2), NULL) AS revenue_per_1000,
    if(reached > 0, round(100 * sum(campaign.clicks_unique) / reached, 2), NULL) AS click_rate_pct
FROM campaign_ai_summary AS campaign FINAL
WHERE campaign.klaviyo_public_id IN (${account:sqlstring}) AND $__dateFilter(campaign.date)
GROUP BY
    campaign.campaign_id,
    campaign.send_channel
ORDER BY revenue DESC
LIMIT 50
