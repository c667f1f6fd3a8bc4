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
            -- This week and the week before of the stream or flow that the windows speak of.
            sum(sumIf(d.delivered, d.is_complete)) OVER this_week AS week_delivered,
            sum(sumIf(d.opens_unique, d.is_complete)) OVER this_week AS week_opens,
            sum(sumIf(d.revenue_micros, d.is_complete)) OVER this_week AS week_revenue,
            sum(sumIf(d.delivered, d.is_baseline)) OVER week_before AS prior_delivered,
            sum(sumIf(d.opens_unique, d.is_baseline)) OVER week_before AS prior_opens,
            sum(sumIf(d.revenue_micros, d.is_baseline)) OVER week_before AS prior_revenue
