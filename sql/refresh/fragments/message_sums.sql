            -- The sums that every row has that stands for several messages.
            sum(s.recipients) AS recipients,
            sum(s.delivered) AS delivered,
            sum(s.opens) AS opens,
            sum(s.opens_unique) AS opens_unique,
            sum(s.clicks) AS clicks,
            sum(s.clicks_unique) AS clicks_unique,
            sum(s.conversions) AS conversions,
            sum(s.conversion_uniques) AS conversion_uniques,
            sum(s.revenue_micros) AS revenue_micros
