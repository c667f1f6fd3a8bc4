            -- The sums of a week from its days. complete_* counts the days that are over. baseline_* is what the next
            -- week is compared with, so it counts only the weekdays that are over in that next week, too.
            sum(d.recipients) AS recipients,
            sum(d.delivered) AS delivered,
            sum(d.opens) AS opens,
            sum(d.opens_unique) AS opens_unique,
            sum(d.clicks) AS clicks,
            sum(d.clicks_unique) AS clicks_unique,
            sum(d.conversions) AS conversions,
            sum(d.conversion_uniques) AS conversion_uniques,
            sum(d.revenue_micros) AS revenue_micros,
            sumIf(d.delivered, d.date <= {last_complete:Date}) AS complete_delivered,
            sumIf(d.opens_unique, d.date <= {last_complete:Date}) AS complete_opens,
            sumIf(d.revenue_micros, d.date <= {last_complete:Date}) AS complete_revenue,
            sumIf(d.delivered, d.date <= {last_complete:Date} - 7) AS baseline_delivered,
            sumIf(d.opens_unique, d.date <= {last_complete:Date} - 7) AS baseline_opens,
            sumIf(d.revenue_micros, d.date <= {last_complete:Date} - 7) AS baseline_revenue
