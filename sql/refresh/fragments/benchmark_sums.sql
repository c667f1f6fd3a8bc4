            -- What every row of the channel is compared with, and where the day's windows end.
            s.date >= {as_of:Date} - 89 AS is_benchmark,
            sumIf(sum(s.delivered), is_benchmark) OVER channel AS benchmark_delivered,
            sumIf(sum(s.opens_unique), is_benchmark) OVER channel AS benchmark_opens,
            sumIf(sum(s.clicks_unique), is_benchmark) OVER channel AS benchmark_clicks,
            sumIf(sum(s.revenue_micros), is_benchmark) OVER channel AS benchmark_revenue,
            least(s.date, {last_complete:Date}) AS ends_on,
            s.date <= {last_complete:Date} AS is_complete
