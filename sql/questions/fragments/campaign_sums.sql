    -- The sums of one campaign on one channel, all its days together, over the rows of the including question. It was
    -- sent on the day with the most recipients (ties: the earliest): what leaves after midnight is no other campaign.
    campaign.klaviyo_public_id AS account,
    campaign.campaign_id AS id,
    campaign.send_channel AS channel,
    -- The newest name that is not empty.
    argMaxIf(campaign.campaign_name, campaign.date, campaign.campaign_name != '') AS name,
    argMax(campaign.date, (campaign.recipients, -toInt32(campaign.date))) AS sent_on,
    sum(toUInt64(campaign.recipients)) AS sent,
    sum(toUInt64(campaign.delivered)) AS reached,
    sum(toUInt64(campaign.opens_unique)) AS openers,
    sum(toUInt64(campaign.clicks_unique)) AS clickers,
    sum(toUInt64(campaign.conversion_uniques)) AS buyers,
    sum(toUInt64(campaign.bounced)) AS bounces,
    sum(toUInt64(campaign.unsubscribes)) AS leavers,
    sum(toUInt64(campaign.spam_complaints)) AS complainers,
    sum(toInt128(round(campaign.conversion_value * 1000000))) AS millionths,
    -- The newest rows of the channel have the newest benchmark.
    argMax(argMax(campaign.account_avg_open_rate, campaign.date), max(campaign.date)) OVER whole_channel
        AS usual_open_rate,
    argMax(argMax(campaign.account_avg_click_rate, campaign.date), max(campaign.date)) OVER whole_channel
        AS usual_click_rate,
    argMax(argMax(campaign.account_avg_revenue, campaign.date), max(campaign.date)) OVER whole_channel
        AS usual_revenue,
    -- One stray open makes no channel of opens.
    usual_open_rate >= toFloat32(0.01) AS tracks_opens,
    max(campaign.label_basis != 'none') AS is_rated
