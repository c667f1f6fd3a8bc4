-- One row is one campaign on one day and channel. Its trend is that of the stream: all campaigns of the channel.
WITH
--# include fragments/thresholds.sql,
    -- One row is one campaign on one day, its message variants together. Its stream is an entity without an id: all
    -- campaigns of the channel. Reading begins with the first day that a benchmark or an anomaly looks at.
    entity_days AS
    (
        SELECT
            s.klaviyo_public_id AS klaviyo_public_id,
            s.date AS date,
            '' AS entity_id,
            s.campaign_id AS campaign_id,
            substring(max(s.stamped_campaign_name), 15) AS campaign_name,
            s.send_channel AS send_channel,
--# include fragments/message_sums.sql,
            sum(s.bounced) AS bounced,
            sum(s.unsubscribes) AS unsubscribes,
            sum(s.spam_complaints) AS spam_complaints,
            countIf(is_benchmark) OVER channel AS benchmark_rows,
            -- A campaign whose last messages leave after midnight is one campaign, not two.
            uniqExactIf(s.campaign_id, is_benchmark AND sum(s.recipients) > 0) OVER channel AS benchmark_sends,
--# include fragments/benchmark_sums.sql
        FROM {campaign_source:Identifier} AS s
        WHERE s.is_sane AND s.date >= least({start:Date} - 28, {as_of:Date} - 89)
            AND s.klaviyo_public_id IN {accounts:Array(String)}
        GROUP BY s.klaviyo_public_id, s.date, s.campaign_id, s.send_channel
        WINDOW channel AS (PARTITION BY klaviyo_public_id, send_channel)
    ),
    -- Every day of an entity with its trend, and with the rate that its label judges.
    trends AS
    (
        SELECT
            -- The label judges the campaign's own rate, but that of a send of an hour ago has to wait.
            if(complete_delivered >= least_volume, day_rate, nan) AS judged_rate,
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
    r.campaign_id AS campaign_id,
    r.campaign_name AS campaign_name,
    r.send_channel AS send_channel,
--# include fragments/summary_columns.sql
FROM trends AS r
WHERE r.date >= {start:Date}
