-- One row is one campaign in one week (Monday to Sunday) on one channel. Changes speak of the channel's stream.
WITH
--# include fragments/campaign_weeks.sql
SELECT
    r.klaviyo_public_id AS klaviyo_public_id,
    r.week_start_date AS week_start_date,
    r.campaign_id AS campaign_id,
    r.campaign_name AS campaign_name,
    r.send_channel AS send_channel,
--# include fragments/week_totals.sql
    accurateCast(r.campaigns_sent, 'UInt16') AS campaigns_sent,
    r.best_day AS best_day_date,
    r.best_day_revenue_micros / 1000000 AS best_day_revenue,
    toFloat32(r.best_day_rate) AS best_day_open_rate,
--# include fragments/week_changes.sql
FROM campaign_weeks AS r
WHERE r.week_start_date >= toMonday({start:Date})
