-- One row is one message of a flow on one day and channel. Its trend is the flow's, all messages together.
WITH
--# include fragments/thresholds.sql
--# include fragments/flow_rows.sql
    -- One row is one flow on one day. Its pooled rate is a value of the anomaly sample if enough was delivered.
    entity_days AS
    (
        SELECT
            f.klaviyo_public_id AS klaviyo_public_id,
            f.flow_id AS entity_id,
            f.flow_name AS entity_name,
            f.send_channel AS send_channel,
            f.date AS date,
            f.delivered AS delivered,
            f.opens_unique AS opens_unique,
            f.clicks_unique AS clicks_unique,
            f.conversion_uniques AS conversion_uniques,
            f.revenue_micros AS revenue_micros,
            f.summary_rows AS summary_rows,
            f.delivered >= least_volume AS sample_values,
            toInt256(if(sample_values, round(f.opens_unique / f.delivered * rate_quanta), 0)) AS open_rates,
            open_rates * open_rates AS open_rate_squares,
            toInt256(if(sample_values, round(f.clicks_unique / f.delivered * rate_quanta), 0)) AS click_rates,
            click_rates * click_rates AS click_rate_squares
        FROM
        (
            SELECT
                s.klaviyo_public_id AS klaviyo_public_id,
                s.flow_id AS flow_id,
                -- One name for all messages of the day, since they are rows of one flow.
                substring(max(s.stamped_flow_name), 15) AS flow_name,
                s.send_channel AS send_channel,
                s.date AS date,
                sum(s.delivered) AS delivered,
                sum(s.opens_unique) AS opens_unique,
                sum(s.clicks_unique) AS clicks_unique,
                sum(s.conversion_uniques) AS conversion_uniques,
                sum(s.revenue_micros) AS revenue_micros,
                uniqExact(s.flow_message_id) AS summary_rows
            FROM {flow_source:Identifier} AS s
            WHERE s.is_sane AND s.date >= least({start:Date} - 28, {as_of:Date} - 89)
            GROUP BY s.klaviyo_public_id, s.flow_id, s.send_channel, s.date
        ) AS f
    ),
--# include fragments/trends.sql
--# include fragments/row_rates.sql
    -- One day of a flow is a small sample, so the label judges its 7 days. The anomaly is the day's.
    flow_trends AS
    (
        WITH
            if(t.by_opens, t.week_open_rate, t.week_click_rate) AS judged_rate,
            t.week_delivered AS judged_volume,
            t.benchmark_rate AS benchmark_rate,
            t.judging_rows AS judging_rows,
            0 AS is_too_early,
            if(t.by_opens, t.day_opens_unique, t.day_clicks_unique) / greatest(t.day_delivered, 1) AS watched_rate,
            t.day_delivered AS watched_volume,
--# include fragments/anomaly.sql
--# include fragments/label.sql
        SELECT
            t.*,
            label,
            is_unusual
        FROM trends AS t
    )
SELECT
    r.klaviyo_public_id AS klaviyo_public_id,
    r.date AS date,
    r.flow_id AS flow_id,
    t.entity_name AS flow_name,
    r.flow_message_id AS flow_message_id,
    r.flow_message_name AS flow_message_name,
    r.send_channel AS send_channel,
--# include fragments/summary_columns.sql
FROM flow_rows AS r
INNER JOIN flow_trends AS t
    ON t.klaviyo_public_id = r.klaviyo_public_id
    AND t.entity_id = r.flow_id
    AND t.send_channel = r.send_channel
    AND t.date = r.date
