-- One row is one flow in one week (Monday to Sunday) on one channel. Changes speak of the flow.
WITH
    -- One row is one flow on one day. Read from the week before the first one that is written.
    flow_days AS
    (
        SELECT
            s.klaviyo_public_id AS klaviyo_public_id,
            s.date AS date,
            s.flow_id AS flow_id,
            s.send_channel AS send_channel,
            max(s.stamped_flow_name) AS stamped_flow_name,
--# include fragments/message_sums.sql,
            s.date <= {last_complete:Date} AS is_complete,
            s.date <= {last_complete:Date} - 7 AS is_baseline
        FROM {flow_source:Identifier} AS s
        WHERE s.is_sane AND s.date >= toMonday({start:Date}) - 7 AND s.klaviyo_public_id IN {accounts:Array(String)}
        GROUP BY s.klaviyo_public_id, s.date, s.flow_id, s.send_channel
    ),
    -- One row is one flow in one week.
    flow_weeks AS
    (
        SELECT
            d.klaviyo_public_id AS klaviyo_public_id,
            toMonday(d.date) AS week_start_date,
            d.flow_id AS flow_id,
            d.send_channel AS send_channel,
            substring(max(d.stamped_flow_name), 15) AS flow_name,
            countIf(d.recipients > 0) AS active_days,
            -- The most revenue, the earliest day if several have it: a day number weighs less than a millionth.
            argMax(d.date, d.revenue_micros * 65536 - toUInt16(d.date)) AS best_day,
            max(d.revenue_micros) AS best_day_revenue_micros,
--# include fragments/week_sums.sql
        FROM flow_days AS d
        GROUP BY d.klaviyo_public_id, week_start_date, d.flow_id, d.send_channel
        WINDOW
            this_week AS (PARTITION BY klaviyo_public_id, send_channel, flow_id ORDER BY week_start_date
                RANGE BETWEEN CURRENT ROW AND CURRENT ROW),
            week_before AS (PARTITION BY klaviyo_public_id, send_channel, flow_id ORDER BY week_start_date
                RANGE BETWEEN 7 PRECEDING AND 7 PRECEDING)
    )
SELECT
    r.klaviyo_public_id AS klaviyo_public_id,
    r.week_start_date AS week_start_date,
    r.flow_id AS flow_id,
    r.flow_name AS flow_name,
    r.send_channel AS send_channel,
--# include fragments/week_totals.sql,
    accurateCast(r.active_days, 'UInt8') AS active_days,
    r.best_day AS best_day_date,
    r.best_day_revenue_micros / 1000000 AS best_day_revenue,
--# include fragments/week_changes.sql
FROM flow_weeks AS r
WHERE r.week_start_date >= toMonday({start:Date})
