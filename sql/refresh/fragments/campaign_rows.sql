    -- A campaign's message variants are one row. Reading begins with the first day that a benchmark or an anomaly
    -- looks at.
    campaign_rows AS
    (
        SELECT
            s.klaviyo_public_id AS klaviyo_public_id,
            s.date AS date,
            s.campaign_id AS campaign_id,
            substring(max(s.stamped_campaign_name), 15) AS campaign_name,
            s.send_channel AS send_channel,
            sum(s.recipients) AS recipients,
            sum(s.delivered) AS delivered,
            sum(s.opens) AS opens,
            sum(s.opens_unique) AS opens_unique,
            sum(s.clicks) AS clicks,
            sum(s.clicks_unique) AS clicks_unique,
            sum(s.conversions) AS conversions,
            sum(s.conversion_uniques) AS conversion_uniques,
            sum(s.revenue_micros) AS revenue_micros,
            sum(s.bounced) AS bounced,
            sum(s.unsubscribes) AS unsubscribes,
            sum(s.spam_complaints) AS spam_complaints
        FROM {campaign_source:Identifier} AS s
        WHERE s.is_sane AND s.date >= least({start:Date} - 28, {as_of:Date} - 89)
        GROUP BY s.klaviyo_public_id, s.date, s.campaign_id, s.send_channel
    ),
