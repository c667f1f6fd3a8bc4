-- One row is one campaign on one day and channel. Its trend speaks of the stream: all campaigns of that account and channel.
WITH
--# include fragments/thresholds.sql
    -- A campaign's message variants are one row. Read from the first day that a benchmark or an anomaly looks at.
    campaign_rows AS
    (
        SELECT
            s.klaviyo_public_id AS klaviyo_public_id,
            s.date AS date,
            s.campaign_id AS campaign_id,
            argMaxIf(s.campaign_name, (s.last_updated, s.campaign_name), s.campaign_name != '') AS campaign_name,
            s.send_channel AS send_channel,
            sum(s.recipients) AS recipients,
            sum(s.delivered) AS delivered,
            sum(s.opens) AS opens,
            sum(s.opens_unique) AS opens_unique,
            sum(s.clicks) AS clicks,
            sum(s.clicks_unique) AS clicks_unique,
            sum(s.conversions) AS conversions,
            sum(s.conversion_uniques) AS conversion_uniques,
            sum(s.revenue_micros) AS revenue_micros,
            sum(s.bounced) AS bounced,
            sum(s.unsubscribes) AS unsubscribes,
            sum(s.spam_complaints) AS spam_complaints
        FROM
        (
--# include fragments/campaign_source.sql
        ) AS s
        WHERE s.date >= least({start:Date} - anomaly_days, {as_of:Date} - 89)
        GROUP BY s.klaviyo_public_id, s.date, s.campaign_id, s.send_channel
    ),
    -- One row is one stream on one day. Every campaign with enough deliveries is a value of the anomaly sample.
    entity_days AS
    (
        SELECT
            c.klaviyo_public_id AS klaviyo_public_id,
            '' AS entity_id,
            c.send_channel AS send_channel,
            c.date AS date,
            sum(c.delivered) AS delivered,
            sum(c.opens_unique) AS opens_unique,
            sum(c.clicks_unique) AS clicks_unique,
            sum(c.conversion_uniques) AS conversion_uniques,
            sum(c.revenue_micros) AS revenue_micros,
            count() AS summary_rows,
            countIf(c.delivered >= least_delivered) AS sample_values,
            sumIf(c.open_rate, c.delivered >= least_delivered) AS open_rates,
            sumIf(c.open_rate * c.open_rate, c.delivered >= least_delivered) AS open_rate_squares,
            sumIf(c.click_rate, c.delivered >= least_delivered) AS click_rates,
            sumIf(c.click_rate * c.click_rate, c.delivered >= least_delivered) AS click_rate_squares
        FROM
        (
            SELECT
                klaviyo_public_id,
                send_channel,
                date,
                delivered,
                opens_unique,
                clicks_unique,
                conversion_uniques,
                revenue_micros,
                toInt256(round(opens_unique / greatest(delivered, 1) * rate_quanta)) AS open_rate,
                toInt256(round(clicks_unique / greatest(delivered, 1) * rate_quanta)) AS click_rate
            FROM campaign_rows
        ) AS c
        GROUP BY c.klaviyo_public_id, c.send_channel, c.date
    ),
--# include fragments/trends.sql
    -- Label and anomaly judge the campaign's own rate, a send of an hour ago not yet.
    NOT t.is_complete AS is_too_early,
    r.delivered AS judged_volume,
    if(t.by_opens, row_open_rate, row_click_rate) AS judged_rate,
    r.delivered AS watched_delivered,
    judged_rate AS watched_rate,
--# include fragments/summary_rates.sql
--# include fragments/label.sql
SELECT
    r.klaviyo_public_id AS klaviyo_public_id,
    r.date AS date,
    r.campaign_id AS campaign_id,
    r.campaign_name AS campaign_name,
    r.send_channel AS send_channel,
--# include fragments/summary_columns.sql
FROM campaign_rows AS r
INNER JOIN trends AS t
    ON t.klaviyo_public_id = r.klaviyo_public_id AND t.send_channel = r.send_channel AND t.date = r.date
WHERE r.date >= {start:Date}
