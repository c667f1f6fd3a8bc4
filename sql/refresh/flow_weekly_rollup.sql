-- One row is one flow in one week (Monday to Sunday) on one channel. Changes speak of the flow.
WITH
--# include fragments/flow_weeks.sql
SELECT
    r.klaviyo_public_id AS klaviyo_public_id,
    r.week_start_date AS week_start_date,
    r.flow_id AS flow_id,
    r.flow_name AS flow_name,
    r.send_channel AS send_channel,
--# include fragments/week_totals.sql
    accurateCast(r.active_days, 'UInt8') AS active_days,
    r.best_day AS best_day_date,
    r.best_day_revenue_micros / 1000000 AS best_day_revenue,
--# include fragments/week_changes.sql
FROM flow_weeks AS r
WHERE r.week_start_date >= toMonday({start:Date})
