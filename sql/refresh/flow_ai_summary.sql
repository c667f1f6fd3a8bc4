-- One row is one message of a flow on one day and channel. Its trend is the flow's, all messages together.
WITH
--# include fragments/thresholds.sql,
    -- The rows themselves: only dates of the window, since trends come from the narrower sums below.
    flow_rows AS
    (
        SELECT
            s.klaviyo_public_id AS klaviyo_public_id,
            s.date AS date,
            s.flow_id AS flow_id,
            s.flow_message_id AS flow_message_id,
            substring(max(s.stamped_flow_message_name), 15) AS flow_message_name,
            s.send_channel AS send_channel,
--# include fragments/message_sums.sql,
            sum(s.bounced) AS bounced,
            sum(s.unsubscribes) AS unsubscribes,
            sum(s.spam_complaints) AS spam_complaints
        FROM {flow_source:Identifier} AS s
        WHERE s.is_sane AND s.date >= {start:Date} AND s.klaviyo_public_id IN {accounts:Array(String)}
        GROUP BY s.klaviyo_public_id, s.date, s.flow_id, s.flow_message_id, s.send_channel
    ),
    -- One row is one flow on one day. Its pooled rate is a value of the anomaly sample if enough was delivered.
    entity_days AS
    (
        SELECT
            s.klaviyo_public_id AS klaviyo_public_id,
            s.date AS date,
            s.flow_id AS entity_id,
            -- One name for all messages of the day, since they are rows of one flow.
            substring(max(s.stamped_flow_name), 15) AS entity_name,
            s.send_channel AS send_channel,
            sum(s.delivered) AS delivered,
            sum(s.opens_unique) AS opens_unique,
            sum(s.clicks_unique) AS clicks_unique,
            sum(s.conversion_uniques) AS conversion_uniques,
            sum(s.revenue_micros) AS revenue_micros,
            sumIf(uniqExact(s.flow_message_id), is_benchmark) OVER channel AS benchmark_rows,
            benchmark_rows AS benchmark_sends,
--# include fragments/benchmark_sums.sql
        FROM {flow_source:Identifier} AS s
        WHERE s.is_sane AND s.date >= least({start:Date} - 28, {as_of:Date} - 89)
            AND s.klaviyo_public_id IN {accounts:Array(String)}
        GROUP BY s.klaviyo_public_id, s.date, s.flow_id, s.send_channel
        WINDOW channel AS (PARTITION BY klaviyo_public_id, send_channel)
    ),
    -- Every day of an entity with its trend, and with the rate that its label judges.
    trends AS
    (
        SELECT
            -- One day of a flow is a small sample, so the label judges its 7 days. The anomaly is the day's.
            sumIf(if(by_opens, d.opens_unique, d.clicks_unique), d.is_complete) OVER week AS week_judged,
            if(week_delivered >= least_volume, week_judged / week_delivered, nan) AS judged_rate,
--# include fragments/trends.sql
        FROM entity_days AS d
        WINDOW
            week AS (PARTITION BY klaviyo_public_id, send_channel, entity_id ORDER BY ends_on
                RANGE BETWEEN 6 PRECEDING AND CURRENT ROW),
            prior_week AS (PARTITION BY klaviyo_public_id, send_channel, entity_id ORDER BY ends_on
                RANGE BETWEEN 13 PRECEDING AND 7 PRECEDING),
            days_before AS (PARTITION BY klaviyo_public_id, send_channel, entity_id ORDER BY ends_on
                RANGE BETWEEN 28 PRECEDING AND 1 PRECEDING)
    ),
--# include fragments/anomaly.sql,
--# include fragments/label.sql
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
ALL INNER JOIN trends AS t
    ON t.klaviyo_public_id = r.klaviyo_public_id
    AND t.entity_id = r.flow_id
    AND t.send_channel = r.send_channel
    AND t.date = r.date
WHERE t.date >= {start:Date}
