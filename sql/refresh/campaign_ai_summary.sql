-- One row is one campaign on one day and channel. Its trend is that of the stream: all campaigns of the channel.
WITH
--# include fragments/thresholds.sql
--# include fragments/campaign_rows.sql
    -- One row is one stream on one day. A stream has no id or name of its own. Every campaign with enough deliveries
    -- is a value of the anomaly sample.
    entity_days AS
    (
        SELECT
            c.klaviyo_public_id AS klaviyo_public_id,
            '' AS entity_id,
            '' AS entity_name,
            c.send_channel AS send_channel,
            c.date AS date,
            sum(c.delivered) AS delivered,
            sum(c.opens_unique) AS opens_unique,
            sum(c.clicks_unique) AS clicks_unique,
            sum(c.conversion_uniques) AS conversion_uniques,
            sum(c.revenue_micros) AS revenue_micros,
            count() AS summary_rows,
            countIf(c.delivered >= least_volume) AS sample_values,
            sumIf(c.open_rate, c.delivered >= least_volume) AS open_rates,
            sumIf(c.open_rate * c.open_rate, c.delivered >= least_volume) AS open_rate_squares,
            sumIf(c.click_rate, c.delivered >= least_volume) AS click_rates,
            sumIf(c.click_rate * c.click_rate, c.delivered >= least_volume) AS click_rate_squares
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
--# include fragments/row_rates.sql
    -- Label and anomaly judge the campaign's own rate, but the label of a send of an hour ago has to wait.
    if(t.by_opens, row_open_rate, row_click_rate) AS judged_rate,
    r.delivered AS judged_volume,
    t.benchmark_rate AS benchmark_rate,
    t.judging_rows AS judging_rows,
    NOT t.is_complete AS is_too_early,
    judged_rate AS watched_rate,
    r.delivered AS watched_volume,
--# include fragments/anomaly.sql
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
