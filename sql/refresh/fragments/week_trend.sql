            -- This week and the week before of the stream or flow that the windows speak of.
            sum(w.complete_delivered) OVER this_week AS week_delivered,
            sum(w.complete_opens) OVER this_week AS week_opens,
            sum(w.complete_revenue) OVER this_week AS week_revenue,
            sum(w.baseline_delivered) OVER week_before AS prior_delivered,
            sum(w.baseline_opens) OVER week_before AS prior_opens,
            sum(w.baseline_revenue) OVER week_before AS prior_revenue
