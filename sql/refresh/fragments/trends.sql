            -- The rest of a step that says what is judged (judged_rate): the 7 days, the 7 days before (prior), and the
            -- 28 days before the day, among which an anomaly stands out. A missing day is a zero day. Days that are not
            -- complete add nothing and share the window of the last complete day (ends_on).
            d.*,
            sumIf(d.delivered, d.is_complete) OVER week AS week_delivered,
            sumIf(d.opens_unique, d.is_complete) OVER week AS week_opens,
            sumIf(d.clicks_unique, d.is_complete) OVER week AS week_clicks,
            sumIf(d.conversion_uniques, d.is_complete) OVER week AS week_conversions,
            sumIf(d.revenue_micros, d.is_complete) OVER week AS week_revenue,
            sumIf(d.delivered, d.is_complete) OVER prior_week AS prior_delivered,
            sumIf(d.opens_unique, d.is_complete) OVER prior_week AS prior_opens,
            sumIf(d.clicks_unique, d.is_complete) OVER prior_week AS prior_clicks,
            sumIf(d.revenue_micros, d.is_complete) OVER prior_week AS prior_revenue,
            ifNotFinite(d.benchmark_opens / d.benchmark_delivered, 0) AS average_open_rate,
            ifNotFinite(d.benchmark_clicks / d.benchmark_delivered, 0) AS average_click_rate,
            -- A channel that does not track opens is judged by its clicks.
            average_open_rate >= least_open_rate AS by_opens,
            multiIf(
                d.benchmark_rows < least_benchmark_rows, nan,
                by_opens, average_open_rate,
                average_click_rate > 0, average_click_rate,
                nan
            ) AS benchmark_rate,
            if(by_opens, d.opens_unique, d.clicks_unique) / d.delivered AS day_rate,
            -- Nothing of a day that is not over can be judged.
            if(d.is_complete, d.delivered, 0) AS complete_delivered,
            -- Six decimals, so that floating point decides nothing. Not a number if too little is behind either rate.
            round(judged_rate / benchmark_rate, 6) AS judged_ratio,
            -- Integers, so that nothing cancels and no order of summing shows.
            d.delivered >= least_volume AS is_sample,
            toInt256(if(is_sample, round(day_rate * rate_quanta), 0)) AS sample_rate,
            countIf(is_sample) OVER days_before AS sample_values,
            sum(sample_rate) OVER days_before AS sample_sum,
            sum(sample_rate * sample_rate) OVER days_before AS sample_squares
