-- One row is one weekday of the campaigns, or of the flows, of an account: all channels, last 90 complete days.
CREATE OR REPLACE VIEW ai_day_of_week_patterns
(
    klaviyo_public_id String
        COMMENT 'Klaviyo account (public id) that this row belongs to',
    source String
        COMMENT 'Whether the row speaks of campaigns or of flows: campaign or flow',
    day_name String
        COMMENT 'Weekday in English: Monday to Sunday',
    day_of_week UInt8
        COMMENT 'Weekday as a number: 1 = Monday to 7 = Sunday',
    is_weekend UInt8
        COMMENT '1 = Saturday or Sunday, 0 = Monday to Friday',
    total_sends UInt64
        COMMENT 'Campaigns sent on this weekday, or flow messages on a day, that had recipients (not people)',
    avg_open_rate_pct Float64
        COMMENT 'Unique opens / delivered of channels that track opens, in percent (18.5 = 18.5%), 0 if none',
    avg_click_rate_pct Float64
        COMMENT 'Unique clicks / delivered, in percent (18.5 = 18.5%), a person once per message and day, 0 if none',
    avg_revenue Float64
        COMMENT 'Revenue per send (total_revenue / total_sends), in the account''s own currency, 0 if nothing was sent',
    total_revenue Float64
        COMMENT 'Revenue of these campaigns, or of flows on these weekdays, in the account''s own currency'
)
AS
WITH
    -- One row is one campaign, whole on the day on which most of it was sent, or one day of the flows of a channel.
    sends AS
    (
        SELECT
            campaign.klaviyo_public_id AS account,
            'campaign' AS kind,
            campaign.send_channel AS channel,
            -- The most recipients, the earliest day if several have as many.
            argMax(campaign.date, (campaign.recipients, -toInt32(campaign.date))) AS day,
            1 AS sent,
            sum(campaign.delivered) AS reached,
            sum(campaign.opens_unique) AS openers,
            sum(campaign.clicks_unique) AS clickers,
            -- Whole millionths add up to the same total in any order.
            sum(toInt128(round(ifNotFinite(campaign.conversion_value, 0) * 1000000))) AS revenue_millionths
        FROM campaign_ai_summary AS campaign FINAL
        WHERE campaign.date >= toDate(now(serverTimezone())) - 90 AND campaign.date <= toDate(now(serverTimezone())) - 1
        GROUP BY
            campaign.klaviyo_public_id,
            campaign.campaign_id,
            campaign.send_channel
        HAVING sum(campaign.recipients) > 0
        UNION ALL
        SELECT
            flow.klaviyo_public_id AS account,
            'flow' AS kind,
            flow.send_channel AS channel,
            flow.date AS day,
            countIf(flow.recipients > 0) AS sent,
            sum(flow.delivered) AS reached,
            sum(flow.opens_unique) AS openers,
            sum(flow.clicks_unique) AS clickers,
            sum(toInt128(round(ifNotFinite(flow.conversion_value, 0) * 1000000))) AS revenue_millionths
        FROM flow_ai_summary AS flow FINAL
        WHERE flow.date >= toDate(now(serverTimezone())) - 90 AND flow.date <= toDate(now(serverTimezone())) - 1
        GROUP BY
            flow.klaviyo_public_id,
            flow.send_channel,
            flow.date
    ),
    -- One row is one channel of the campaigns, or of the flows, on one weekday.
    channel_weekdays AS
    (
        SELECT
            sends.account AS account,
            sends.kind AS kind,
            sends.channel AS channel,
            toDayOfWeek(sends.day) AS weekday,
            dateName('weekday', min(sends.day)) AS weekday_name,
            sum(sends.sent) AS sent,
            sum(sends.reached) AS reached,
            sum(sends.openers) AS openers,
            sum(sends.clickers) AS clickers,
            sum(sends.revenue_millionths) AS revenue_millionths,
            -- A channel of which fewer than 1 % opened does not track opens: it would drag the open rate down.
            100 * sum(sum(sends.openers)) OVER whole_channel >= sum(sum(sends.reached)) OVER whole_channel
                AS tracks_opens
        FROM sends
        GROUP BY
            sends.account,
            sends.kind,
            sends.channel,
            toDayOfWeek(sends.day)
        WINDOW whole_channel AS (PARTITION BY account, kind, channel)
    )
SELECT
    daily.account AS klaviyo_public_id,
    daily.kind AS source,
    any(daily.weekday_name) AS day_name,
    daily.weekday AS day_of_week,
    toUInt8(daily.weekday >= 6) AS is_weekend,
    sum(daily.sent) AS total_sends,
    ifNotFinite(round(100 * sumIf(daily.openers, daily.tracks_opens) / sumIf(daily.reached, daily.tracks_opens), 2), 0)
        AS avg_open_rate_pct,
    ifNotFinite(round(100 * sum(daily.clickers) / sum(daily.reached), 2), 0) AS avg_click_rate_pct,
    ifNotFinite(round(sum(daily.revenue_millionths) / 1000000 / sum(daily.sent), 2), 0) AS avg_revenue,
    round(sum(daily.revenue_millionths) / 1000000, 2) AS total_revenue
FROM channel_weekdays AS daily
GROUP BY
    daily.account,
    daily.kind,
    daily.weekday
COMMENT 'One row is one weekday of an account''s campaigns, or of its flows: all channels, last 90 complete days.'
