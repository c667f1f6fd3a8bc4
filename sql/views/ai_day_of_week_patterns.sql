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
        COMMENT 'Campaigns on a day, or flow messages on a day, that had recipients (not people)',
    avg_open_rate_pct Float64
        COMMENT 'Unique opens / delivered, in percent (18.5 = 18.5%), a person once per message and day, 0 if none',
    avg_click_rate_pct Float64
        COMMENT 'Unique clicks / delivered, in percent (18.5 = 18.5%), a person once per message and day, 0 if none',
    avg_revenue Float64
        COMMENT 'Revenue per send (total_revenue / total_sends), in the account''s own currency, 0 if nothing was sent',
    total_revenue Float64
        COMMENT 'Revenue credited on these weekdays, in the account''s own currency'
)
AS
WITH
    -- The rows of both summary tables, reduced to what they have in common.
    daily_rows AS
    (
        SELECT
            campaign.klaviyo_public_id AS account,
            campaign.date AS day,
            'campaign' AS kind,
            campaign.recipients AS sent,
            campaign.delivered AS reached,
            campaign.opens_unique AS openers,
            campaign.clicks_unique AS clickers,
            -- Whole millionths add up to the same total in any order.
            toInt128(round(ifNotFinite(campaign.conversion_value, 0) * 1000000)) AS revenue_millionths
        FROM campaign_ai_summary AS campaign FINAL
        WHERE campaign.date >= today() - 90 AND campaign.date <= today() - 1
        UNION ALL
        SELECT
            flow.klaviyo_public_id AS account,
            flow.date AS day,
            'flow' AS kind,
            flow.recipients AS sent,
            flow.delivered AS reached,
            flow.opens_unique AS openers,
            flow.clicks_unique AS clickers,
            toInt128(round(ifNotFinite(flow.conversion_value, 0) * 1000000)) AS revenue_millionths
        FROM flow_ai_summary AS flow FINAL
        WHERE flow.date >= today() - 90 AND flow.date <= today() - 1
    )
SELECT
    daily_rows.account AS klaviyo_public_id,
    daily_rows.kind AS source,
    dateName('weekday', daily_rows.day) AS day_name,
    toDayOfWeek(daily_rows.day) AS day_of_week,
    toUInt8(toDayOfWeek(daily_rows.day) >= 6) AS is_weekend,
    countIf(daily_rows.sent > 0) AS total_sends,
    ifNotFinite(round(100 * sum(daily_rows.openers) / sum(daily_rows.reached), 2), 0) AS avg_open_rate_pct,
    ifNotFinite(round(100 * sum(daily_rows.clickers) / sum(daily_rows.reached), 2), 0) AS avg_click_rate_pct,
    ifNotFinite(round(sum(daily_rows.revenue_millionths) / 1000000 / countIf(daily_rows.sent > 0), 2), 0)
        AS avg_revenue,
    round(sum(daily_rows.revenue_millionths) / 1000000, 2) AS total_revenue
FROM daily_rows
GROUP BY
    daily_rows.account,
    daily_rows.kind,
    dateName('weekday', daily_rows.day),
    toDayOfWeek(daily_rows.day)
COMMENT 'One row is one weekday of an account''s campaigns, or of its flows: all channels, last 90 complete days.'
