-- One row is one channel of one account: what its days have come to, each with the day on which it was last read.
WITH
    -- One row is one part of what is known of one channel of one account on one day.
    parts AS
    (
        SELECT
            daily.klaviyo_public_id AS account,
            daily.send_channel AS channel,
            daily.date AS day,
            1 AS has_row,
            toUInt32(greatest(0, toDate(daily.updated_at, serverTimezone()) - daily.date)) AS age,
            ifNotFinite(daily.total_revenue, 0) AS revenue,
            toFloat64(daily.total_recipients) AS recipients,
            toFloat64(daily.total_delivered) AS delivered,
            toFloat64(daily.total_opens_unique) AS opens,
            toFloat64(daily.total_clicks_unique) AS clicks,
            toFloat64(daily.total_conversion_uniques) AS conversions,
            0. AS unsubscribes,
            0. AS spam_complaints
        FROM channel_performance_daily AS daily FINAL
        WHERE daily.klaviyo_public_id IN {accounts:Array(String)}
            AND daily.date BETWEEN {first_day:Date} AND {last_complete:Date}
        UNION ALL
        SELECT
            campaign.klaviyo_public_id AS account,
            campaign.send_channel AS channel,
            campaign.date AS day,
            0 AS has_row,
            toUInt32(0) AS age,
            0. AS revenue,
            0. AS recipients,
            0. AS delivered,
            0. AS opens,
            0. AS clicks,
            0. AS conversions,
            toFloat64(sum(campaign.unsubscribes)) AS unsubscribes,
            toFloat64(sum(campaign.spam_complaints)) AS spam_complaints
        FROM campaign_ai_summary AS campaign
        WHERE campaign.klaviyo_public_id IN {accounts:Array(String)}
            AND campaign.date BETWEEN {first_day:Date} AND {last_complete:Date}
        GROUP BY campaign.klaviyo_public_id, campaign.send_channel, campaign.date
        UNION ALL
        SELECT
            flow.klaviyo_public_id AS account,
            flow.send_channel AS channel,
            flow.date AS day,
            0 AS has_row,
            toUInt32(0) AS age,
            0. AS revenue,
            0. AS recipients,
            0. AS delivered,
            0. AS opens,
            0. AS clicks,
            0. AS conversions,
            toFloat64(sum(flow.unsubscribes)) AS unsubscribes,
            toFloat64(sum(flow.spam_complaints)) AS spam_complaints
        FROM flow_ai_summary AS flow
        WHERE flow.klaviyo_public_id IN {accounts:Array(String)}
            AND flow.date BETWEEN {first_day:Date} AND {last_complete:Date}
        GROUP BY flow.klaviyo_public_id, flow.send_channel, flow.date
    )
SELECT
    part.account AS account,
    part.channel AS channel,
    groupArray(toUInt32(part.day - {first_day:Date})) AS days,
    groupArray(part.has_row) AS has_rows,
    groupArray(part.age) AS ages,
    groupArray(part.revenue) AS revenue,
    groupArray(part.recipients) AS recipients,
    groupArray(part.delivered) AS delivered,
    groupArray(part.opens) AS opens,
    groupArray(part.clicks) AS clicks,
    groupArray(part.conversions) AS conversions,
    groupArray(part.unsubscribes) AS unsubscribes,
    groupArray(part.spam_complaints) AS spam_complaints
FROM parts AS part
GROUP BY part.account, part.channel
ORDER BY account, channel
