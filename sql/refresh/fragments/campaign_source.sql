        -- One row is one campaign message on one day: the asked accounts, nothing after as_of, only
        -- sane revenue. It is an integer of a millionth, so that sums are exact in any order.
        SELECT
            s.klaviyo_public_id AS klaviyo_public_id,
            s.date AS date,
            s.campaign_id AS campaign_id,
            s.campaign_message_id AS campaign_message_id,
            s.send_channel AS send_channel,
--# include fragments/name_stamp.sql
            if(s.campaign_name = '', '', concat(name_stamp, s.campaign_name)) AS stamped_campaign_name,
            s.recipients AS recipients,
            s.delivered AS delivered,
            s.opens AS opens,
            s.opens_unique AS opens_unique,
            s.clicks AS clicks,
            s.clicks_unique AS clicks_unique,
            s.conversions AS conversions,
            s.conversion_uniques AS conversion_uniques,
            toInt128(round(s.conversion_value * 1000000)) AS revenue_micros,
            s.bounced AS bounced,
            s.unsubscribes AS unsubscribes,
            s.spam_complaints AS spam_complaints
        FROM campaign_statistics_latest AS s
        WHERE s.klaviyo_public_id IN {accounts:Array(String)}
            AND s.date <= {as_of:Date}
            AND
--# include fragments/sane_revenue.sql
