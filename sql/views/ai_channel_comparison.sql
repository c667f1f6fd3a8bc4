-- One row is one channel of an account: campaigns and flows of the last 7 and 30 complete days.
CREATE OR REPLACE VIEW ai_channel_comparison
(
    klaviyo_public_id String
        COMMENT 'Klaviyo account (public id) that this row belongs to',
    send_channel String
        COMMENT 'Channel of the messages as Klaviyo names it: email, sms, push-notification and others',
    revenue_last_7d Float64
        COMMENT 'Revenue of the 7 complete days before today, campaigns and flows, in the account''s own currency',
    open_rate_last_7d_pct Nullable(Float64)
        COMMENT 'Unique opens / delivered in 7 days, in percent (18.5 = 18.5%), null if none or opens not tracked',
    click_rate_last_7d_pct Nullable(Float64)
        COMMENT 'Unique clicks / delivered in 7 days, in percent (18.5 = 18.5%), null if none delivered',
    revenue_last_30d Float64
        COMMENT 'Revenue of the 30 complete days before today, campaigns and flows, in the account''s own currency',
    open_rate_last_30d_pct Nullable(Float64)
        COMMENT 'Unique opens / delivered in 30 days, in percent (18.5 = 18.5%), null if none or opens not tracked',
    click_rate_last_30d_pct Nullable(Float64)
        COMMENT 'Unique clicks / delivered in 30 days, in percent (18.5 = 18.5%), null if none delivered',
    pct_of_total_revenue Float32
        COMMENT 'Share of the account''s revenue of these 30 days, in percent (40.0 = 40%), 0 if there was none'
)
AS
-- One level and no more: what is named twice below costs less than a step of its own.
WITH
    -- Some readers' settings make a sum of nothing NULL.
    ifNull(sumIf(daily.total_delivered, daily.date >= toDate(now(serverTimezone())) - 7), 0) AS reached_7d,
    sum(daily.total_delivered) AS reached_30d,
    -- Where fewer than 1 % opened, opens are not tracked: the open rate is unknown. One stray open tracks nothing.
    100 * sum(daily.total_opens_unique) >= reached_30d AS tracks_opens,
    -- Whole millionths add up to the same total in any order.
    toInt128(round(ifNotFinite(daily.total_revenue, 0) * 1000000)) AS revenue_millionths,
    sum(revenue_millionths) AS revenue_millionths_30d
SELECT
    daily.klaviyo_public_id AS klaviyo_public_id,
    daily.send_channel AS send_channel,
    round(ifNull(sumIf(revenue_millionths, daily.date >= toDate(now(serverTimezone())) - 7), 0) / 1000000, 2)
        AS revenue_last_7d,
    if(tracks_opens AND reached_7d > 0,
        round(100 * sumIf(daily.total_opens_unique, daily.date >= toDate(now(serverTimezone())) - 7)
            / reached_7d, 2), NULL)
        AS open_rate_last_7d_pct,
    if(reached_7d > 0,
        round(100 * sumIf(daily.total_clicks_unique, daily.date >= toDate(now(serverTimezone())) - 7)
            / reached_7d, 2), NULL)
        AS click_rate_last_7d_pct,
    round(revenue_millionths_30d / 1000000, 2) AS revenue_last_30d,
    if(tracks_opens AND reached_30d > 0,
        round(100 * sum(daily.total_opens_unique) / reached_30d, 2), NULL) AS open_rate_last_30d_pct,
    if(reached_30d > 0,
        round(100 * sum(daily.total_clicks_unique) / reached_30d, 2), NULL) AS click_rate_last_30d_pct,
    toFloat32(ifNotFinite(
        round(100 * revenue_millionths_30d
            / sum(revenue_millionths_30d) OVER (PARTITION BY daily.klaviyo_public_id), 2), 0))
        AS pct_of_total_revenue
FROM channel_performance_daily AS daily FINAL
WHERE daily.date >= toDate(now(serverTimezone())) - 30 AND daily.date <= toDate(now(serverTimezone())) - 1
GROUP BY
    daily.klaviyo_public_id,
    daily.send_channel
COMMENT 'One row is one channel of an account: its last 7 and 30 complete days, campaigns and flows together.'
