        -- One row is one flow message on one day: the asked accounts, nothing after as_of, only
        -- sane revenue. It is an integer of a millionth, so that sums are exact in any order.
        SELECT
            s.klaviyo_public_id AS klaviyo_public_id,
            s.date AS date,
            s.flow_id AS flow_id,
            s.flow_message_id AS flow_message_id,
            s.send_channel AS send_channel,
--# include fragments/name_stamp.sql
            if(s.flow_name = '', '', concat(name_stamp, s.flow_name)) AS stamped_flow_name,
            if(s.flow_message_name = '', '', concat(name_stamp, s.flow_message_name)) AS stamped_flow_message_name,
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
            -- The source has only a rate of complaints, so their number is an estimate.
            toUInt64(if(
                s.spam_complaint_rate BETWEEN 0 AND 1,
                roundBankers(s.delivered * s.spam_complaint_rate),
                0
            )) AS spam_complaints
        FROM flow_statistics_latest AS s
        WHERE s.klaviyo_public_id IN {accounts:Array(String)}
            AND s.date <= {as_of:Date}
            AND
--# include fragments/sane_revenue.sql
