-- One row is one campaign in one week (Monday to Sunday) on one channel. Changes speak of the channel's stream.
WITH
    -- One row is one campaign on one day. Read from the week before the first one that is written.
    campaign_days AS
    (
        SELECT
            s.klaviyo_public_id AS klaviyo_public_id,
            s.date AS date,
            s.campaign_id AS campaign_id,
            s.send_channel AS send_channel,
            max(s.stamped_campaign_name) AS stamped_campaign_name,
--# include fragments/message_sums.sql,
            s.date <= {last_complete:Date} AS is_complete,
            s.date <= {last_complete:Date} - 7 AS is_baseline,
            uniqExactIf(s.campaign_message_id, s.recipients > 0) AS messages_sent
        FROM {campaign_source:Identifier} AS s
        WHERE s.is_sane AND s.date >= toMonday({start:Date}) - 7 AND s.klaviyo_public_id IN {accounts:Array(String)}
        GROUP BY s.klaviyo_public_id, s.date, s.campaign_id, s.send_channel
    ),
    -- One row is one campaign in one week.
    campaign_weeks AS
    (
        SELECT
            d.klaviyo_public_id AS klaviyo_public_id,
            toMonday(d.date) AS week_start_date,
            d.campaign_id AS campaign_id,
            d.send_channel AS send_channel,
            substring(max(d.stamped_campaign_name), 15) AS campaign_name,
            sum(d.messages_sent) AS campaigns_sent,
            -- The most revenue, the earliest day if several have it: a day number weighs less than a millionth.
            argMax(d.date, d.revenue_micros * 65536 - toUInt16(d.date)) AS best_day,
            argMax(
                if(d.delivered = 0, 0, d.opens_unique / d.delivered),
                d.revenue_micros * 65536 - toUInt16(d.date)
            ) AS best_day_rate,
            max(d.revenue_micros) AS best_day_revenue_micros,
--# include fragments/week_sums.sql
        FROM campaign_days AS d
        GROUP BY d.klaviyo_public_id, week_start_date, d.campaign_id, d.send_channel
        WINDOW
            this_week AS (PARTITION BY klaviyo_public_id, send_channel ORDER BY week_start_date
                RANGE BETWEEN CURRENT ROW AND CURRENT ROW),
            week_before AS (PARTITION BY klaviyo_public_id, send_channel ORDER BY week_start_date
                RANGE BETWEEN 7 PRECEDING AND 7 PRECEDING)
    )
SELECT
    r.klaviyo_public_id AS klaviyo_public_id,
    r.week_start_date AS week_start_date,
    r.campaign_id AS campaign_id,
    r.campaign_name AS campaign_name,
    r.send_channel AS send_channel,
--# include fragments/week_totals.sql,
    accurateCast(r.campaigns_sent, 'UInt16') AS campaigns_sent,
    r.best_day AS best_day_date,
    r.best_day_revenue_micros / 1000000 AS best_day_revenue,
    toFloat32(r.best_day_rate) AS best_day_open_rate,
--# include fragments/week_changes.sql
FROM campaign_weeks AS r
WHERE r.week_start_date >= toMonday({start:Date})
