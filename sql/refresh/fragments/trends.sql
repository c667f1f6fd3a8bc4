    -- One row is one entity on one day with its running sums. A trailing window is the difference of two of them,
    -- so missing days count as zero days, and the cost does not grow with the window. Days that are not complete
    -- add nothing and share the window of the last complete day (ends_on).
    running AS
    (
        SELECT
            d.klaviyo_public_id AS klaviyo_public_id,
            d.entity_id AS entity_id,
            d.entity_name AS entity_name,
            d.send_channel AS send_channel,
            d.date AS date,
            d.delivered AS day_delivered,
            d.opens_unique AS day_opens_unique,
            d.clicks_unique AS day_clicks_unique,
            least(d.date, {last_complete:Date}) AS ends_on,
            d.date <= {last_complete:Date} AS is_complete,
            d.date >= {as_of:Date} - 89 AS is_benchmark,
            sumIf(d.delivered, is_complete) OVER to_end AS delivered_to_end,
            sumIf(d.delivered, is_complete) OVER to_week_ago AS delivered_to_week_ago,
            sumIf(d.delivered, is_complete) OVER to_fortnight_ago AS delivered_to_fortnight_ago,
            sumIf(d.opens_unique, is_complete) OVER to_end AS opens_to_end,
            sumIf(d.opens_unique, is_complete) OVER to_week_ago AS opens_to_week_ago,
            sumIf(d.opens_unique, is_complete) OVER to_fortnight_ago AS opens_to_fortnight_ago,
            sumIf(d.clicks_unique, is_complete) OVER to_end AS clicks_to_end,
            sumIf(d.clicks_unique, is_complete) OVER to_week_ago AS clicks_to_week_ago,
            sumIf(d.clicks_unique, is_complete) OVER to_fortnight_ago AS clicks_to_fortnight_ago,
            sumIf(d.conversion_uniques, is_complete) OVER to_end AS conversions_to_end,
            sumIf(d.conversion_uniques, is_complete) OVER to_week_ago AS conversions_to_week_ago,
            sumIf(d.revenue_micros, is_complete) OVER to_end AS revenue_to_end,
            sumIf(d.revenue_micros, is_complete) OVER to_week_ago AS revenue_to_week_ago,
            sumIf(d.revenue_micros, is_complete) OVER to_fortnight_ago AS revenue_to_fortnight_ago,
            sum(d.sample_values) OVER to_day_before AS values_to_day_before,
            sum(d.sample_values) OVER to_sample_start AS values_to_sample_start,
            sum(d.open_rates) OVER to_day_before AS open_rates_to_day_before,
            sum(d.open_rates) OVER to_sample_start AS open_rates_to_sample_start,
            sum(d.open_rate_squares) OVER to_day_before AS open_squares_to_day_before,
            sum(d.open_rate_squares) OVER to_sample_start AS open_squares_to_sample_start,
            sum(d.click_rates) OVER to_day_before AS click_rates_to_day_before,
            sum(d.click_rates) OVER to_sample_start AS click_rates_to_sample_start,
            sum(d.click_rate_squares) OVER to_day_before AS click_squares_to_day_before,
            sum(d.click_rate_squares) OVER to_sample_start AS click_squares_to_sample_start,
            sumIf(d.summary_rows, is_benchmark) OVER whole AS benchmark_rows,
            sumIf(d.delivered, is_benchmark) OVER whole AS benchmark_delivered,
            sumIf(d.opens_unique, is_benchmark) OVER whole AS benchmark_opens,
            sumIf(d.clicks_unique, is_benchmark) OVER whole AS benchmark_clicks,
            sumIf(d.revenue_micros, is_benchmark) OVER whole AS benchmark_revenue
        FROM entity_days AS d
        WINDOW
            whole AS (PARTITION BY klaviyo_public_id, send_channel),
            to_end AS (PARTITION BY klaviyo_public_id, send_channel, entity_id ORDER BY ends_on
                RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW),
            to_day_before AS (PARTITION BY klaviyo_public_id, send_channel, entity_id ORDER BY ends_on
                RANGE BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING),
            to_week_ago AS (PARTITION BY klaviyo_public_id, send_channel, entity_id ORDER BY ends_on
                RANGE BETWEEN UNBOUNDED PRECEDING AND 7 PRECEDING),
            to_fortnight_ago AS (PARTITION BY klaviyo_public_id, send_channel, entity_id ORDER BY ends_on
                RANGE BETWEEN UNBOUNDED PRECEDING AND 14 PRECEDING),
            to_sample_start AS (PARTITION BY klaviyo_public_id, send_channel, entity_id ORDER BY ends_on
                RANGE BETWEEN UNBOUNDED PRECEDING AND 29 PRECEDING)
    ),
    -- One row is one entity on one day of the window, with all that its rows share: the 7 days, the 7 days before
    -- (prior), the account's average of the channel, and what the day is compared with to find anomalies. Columns
    -- are final here, on the smaller grain, so that the join back to the rows carries little.
    trends AS
    (
        SELECT
            w.klaviyo_public_id AS klaviyo_public_id,
            w.entity_id AS entity_id,
            w.entity_name AS entity_name,
            w.send_channel AS send_channel,
            w.date AS date,
            w.is_complete AS is_complete,
            w.day_delivered AS day_delivered,
            w.day_opens_unique AS day_opens_unique,
            w.day_clicks_unique AS day_clicks_unique,
            w.delivered_to_end - w.delivered_to_week_ago AS week_delivered,
            w.opens_to_end - w.opens_to_week_ago AS week_opens,
            w.clicks_to_end - w.clicks_to_week_ago AS week_clicks,
            w.conversions_to_end - w.conversions_to_week_ago AS week_conversions,
            w.revenue_to_end - w.revenue_to_week_ago AS week_revenue,
            w.delivered_to_week_ago - w.delivered_to_fortnight_ago AS prior_delivered,
            w.opens_to_week_ago - w.opens_to_fortnight_ago AS prior_opens,
            w.clicks_to_week_ago - w.clicks_to_fortnight_ago AS prior_clicks,
            w.revenue_to_week_ago - w.revenue_to_fortnight_ago AS prior_revenue,
            if(week_delivered = 0, 0, week_opens / week_delivered) AS week_open_rate,
            if(week_delivered = 0, 0, week_clicks / week_delivered) AS week_click_rate,
            if(prior_delivered = 0, 0, prior_opens / prior_delivered) AS prior_open_rate,
            if(prior_delivered = 0, 0, prior_clicks / prior_delivered) AS prior_click_rate,
            toFloat32(week_open_rate) AS ma_7day_open_rate,
            toFloat32(week_click_rate) AS ma_7day_click_rate,
            toFloat32(if(week_delivered = 0, 0, week_conversions / week_delivered)) AS ma_7day_conversion_rate,
            week_revenue / 1000000 / 7 AS ma_7day_revenue,
            -- Without deliveries a rate is unknown, not fallen to nothing: no change is shown.
            toFloat32(if(
                week_delivered = 0 OR prior_open_rate = 0,
                0,
                (week_open_rate / prior_open_rate - 1) * 100
            )) AS wow_open_rate_change_pct,
            toFloat32(if(
                week_delivered = 0 OR prior_click_rate = 0,
                0,
                (week_click_rate / prior_click_rate - 1) * 100
            )) AS wow_click_rate_change_pct,
            toFloat32(if(prior_revenue = 0, 0, (week_revenue / prior_revenue - 1) * 100)) AS wow_revenue_change_pct,
            toUInt8(prior_delivered > 0) AS has_prior_week,
            prior_revenue / 1000000 AS revenue_prior_week,
            w.benchmark_rows AS judging_rows,
            if(w.benchmark_delivered = 0, 0, w.benchmark_opens / w.benchmark_delivered) AS average_open_rate,
            if(w.benchmark_delivered = 0, 0, w.benchmark_clicks / w.benchmark_delivered) AS average_click_rate,
            if(w.benchmark_rows = 0, 0, w.benchmark_revenue / 1000000 / w.benchmark_rows) AS average_revenue,
            -- A channel that records no opens is judged by its clicks.
            average_open_rate > 0 AS by_opens,
            if(by_opens, average_open_rate, average_click_rate) AS benchmark_rate,
            toInt256(w.values_to_day_before - w.values_to_sample_start) AS sample_values,
            if(
                by_opens,
                w.open_rates_to_day_before - w.open_rates_to_sample_start,
                w.click_rates_to_day_before - w.click_rates_to_sample_start
            ) AS sample_sum,
            if(
                by_opens,
                w.open_squares_to_day_before - w.open_squares_to_sample_start,
                w.click_squares_to_day_before - w.click_squares_to_sample_start
            ) AS sample_squares,
            sample_values >= least_anomaly_values AND sample_sum > 0 AND is_complete AS has_sample,
            -- Integers until the division, so that nothing cancels and no order of summing shows.
            if(has_sample, sample_sum / sample_values / rate_quanta, 0) AS sample_mean,
            if(
                has_sample,
                sqrt(
                    (sample_values * sample_squares - sample_sum * sample_sum) / (sample_values * (sample_values - 1))
                ) / rate_quanta,
                0
            ) AS sample_deviation
        FROM running AS w
        WHERE w.date >= {start:Date}
    ),
