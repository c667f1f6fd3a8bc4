-- One row is one channel of an account: campaigns and flows of the last 7 and 30 complete days.
CREATE OR REPLACE VIEW ai_channel_comparison
(
    klaviyo_public_id String
        COMMENT 'Klaviyo account (public id) that this row belongs to',
    send_channel String
        COMMENT 'Channel of the messages as Klaviyo names it: email, sms, push and others',
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
WITH
    complete_days AS
    (
        SELECT
            daily.klaviyo_public_id AS account,
            daily.send_channel AS channel,
            -- 1 on the last 7 days, 0 before: a sum of values times it is a sum over the 7 days.
            toUInt8(daily.date >= today() - 7) AS is_recent,
            toUInt64(daily.total_delivered) AS reached,
            toUInt64(daily.total_opens) AS opened,
            toUInt64(daily.total_opens_unique) AS openers,
            toUInt64(daily.total_clicks_unique) AS clickers,
            -- Whole millionths add up to the same total in any order.
            toInt128(round(ifNotFinite(daily.total_revenue, 0) * 1000000)) AS revenue_millionths
        FROM channel_performance_daily AS daily FINAL
        WHERE daily.date >= today() - 30 AND daily.date <= today() - 1
    ),
    channel_sums AS
    (
        SELECT
            complete_days.account AS account,
            complete_days.channel AS channel,
            sum(complete_days.reached * complete_days.is_recent) AS reached_7d,
            sum(complete_days.openers * complete_days.is_recent) AS openers_7d,
            sum(complete_days.clickers * complete_days.is_recent) AS clickers_7d,
            sum(complete_days.revenue_millionths * complete_days.is_recent) AS revenue_millionths_7d,
            sum(complete_days.reached) AS reached_30d,
            sum(complete_days.openers) AS openers_30d,
            sum(complete_days.clickers) AS clickers_30d,
            sum(complete_days.revenue_millionths) AS revenue_millionths_30d,
            sum(sum(complete_days.revenue_millionths)) OVER (PARTITION BY complete_days.account)
                AS account_millionths_30d,
            -- Where nothing was ever opened, opens are not tracked: the open rate is unknown, not 0.
            sum(complete_days.opened) + sum(complete_days.openers) > 0 AS tracks_opens
        FROM complete_days
        GROUP BY
            complete_days.account,
            complete_days.channel
    )
SELECT
    sums.account AS klaviyo_public_id,
    sums.channel AS send_channel,
    round(sums.revenue_millionths_7d / 1000000, 2) AS revenue_last_7d,
    if(sums.tracks_opens AND sums.reached_7d > 0,
        round(100 * sums.openers_7d / sums.reached_7d, 2), NULL) AS open_rate_last_7d_pct,
    if(sums.reached_7d > 0,
        round(100 * sums.clickers_7d / sums.reached_7d, 2), NULL) AS click_rate_last_7d_pct,
    round(sums.revenue_millionths_30d / 1000000, 2) AS revenue_last_30d,
    if(sums.tracks_opens AND sums.reached_30d > 0,
        round(100 * sums.openers_30d / sums.reached_30d, 2), NULL) AS open_rate_last_30d_pct,
    if(sums.reached_30d > 0,
        round(100 * sums.clickers_30d / sums.reached_30d, 2), NULL) AS click_rate_last_30d_pct,
    toFloat32(ifNotFinite(
        round(100 * sums.revenue_millionths_30d / sums.account_millionths_30d, 2), 0))
        AS pct_of_total_revenue
FROM channel_sums AS sums
COMMENT 'One row is one channel of an account: its last 7 and 30 complete days, campaigns and flows together.'
