-- Adds the accounts with a story to the synthetic campaign source. One row: a version of a campaign on a day.
INSERT INTO campaign_statistics
(
    klaviyo_public_id, date, campaign_id, campaign_message_id, send_channel, campaign_name,
    store_public_ids, tag_ids, tag_names, recipients, delivered, opens, opens_unique, clicks, clicks_unique,
    conversions, conversion_uniques, delivery_rate, open_rate, click_rate, click_to_open_rate, conversion_rate,
    conversion_value, average_order_value, revenue_per_recipient, bounced, bounced_or_failed, failed,
    spam_complaints, unsubscribes, last_updated, updated_at
)
WITH
--# include fragments/story_days.sql,
    -- One row is one campaign in one version: a newsletter on Tuesdays and Fridays, and one each day of a sale.
    sends AS
    (
        SELECT
            story_day.*,
            send,
            cityHash64(story_day.day_hash, send.1) AS row_hash,
            toUInt32(round(send.2 * story_day.volume * if(story_day.age = 0, 0.42, 1))) AS recipients
        FROM story_days AS story_day
        ARRAY JOIN if(story_day.is_sale,
            [('Anniversary Sale', 14000, 0.012)], [('Newsletter', 9000, 0.0026)]) AS send
        WHERE story_day.is_sale OR toDayOfWeek(story_day.date) IN (2, 5)
    ),
    -- One row is the same with what people did.
    outcomes AS
    (
        SELECT
            *,
            if(is_tracking_broken, 0, toUInt32(round(recipients * 0.36 * (0.95 + 0.1 * (row_hash % 1013) / 1013))))
                AS opens_unique,
            toUInt32(round(recipients * 0.015 * (0.9 + 0.2 * (row_hash % 1019) / 1019))) AS clicks_unique,
            toUInt32(floor(recipients * send.3 * attributed + (row_hash % 1021) / 1021)) AS orders,
            round(orders * 62 * (0.85 + 0.3 * (row_hash % 1031) / 1031), 2) AS revenue
        FROM sends
    )
SELECT
    outcome.klaviyo_public_id, outcome.date,
    concat('01K', substring(hex(sipHash128(outcome.klaviyo_public_id, outcome.date)), 1, 23)) AS campaign_id,
    concat('01M', substring(hex(sipHash128(outcome.klaviyo_public_id, outcome.date)), 1, 23)) AS campaign_message_id,
    'email' AS send_channel,
    concat(outcome.send.1, ' - ', formatDateTime(outcome.date, '%Y-%m-%d')) AS campaign_name,
    [lower(concat(outcome.klaviyo_public_id, '-store-1'))] AS store_public_ids,
    ['tag-newsletter'] AS tag_ids, ['newsletter'] AS tag_names,
    outcome.recipients, outcome.recipients AS delivered,
    outcome.opens_unique AS opens, outcome.opens_unique, outcome.clicks_unique AS clicks, outcome.clicks_unique,
    outcome.orders AS conversions, outcome.orders AS conversion_uniques,
    -- Basis points, as production stores them.
    toUInt16(10000) AS delivery_points,
    toUInt16(if(outcome.recipients = 0, 0, round(10000 * outcome.opens_unique / outcome.recipients))) AS open_points,
    toUInt16(if(outcome.recipients = 0, 0, round(10000 * outcome.clicks_unique / outcome.recipients))) AS click_points,
    toUInt16(if(outcome.opens_unique = 0, 0, least(10000, round(10000 * outcome.clicks_unique / outcome.opens_unique))))
        AS click_to_open_points,
    toUInt16(if(outcome.recipients = 0, 0, round(10000 * outcome.orders / outcome.recipients))) AS conversion_points,
    outcome.revenue AS conversion_value,
    if(outcome.orders = 0, 0, round(outcome.revenue / outcome.orders, 2)) AS average_order_value,
    if(outcome.recipients = 0, 0, outcome.revenue / outcome.recipients) AS revenue_per_recipient,
    0 AS bounced, 0 AS bounced_or_failed, 0 AS failed, 0 AS spam_complaints,
    toUInt32(round(outcome.recipients * 0.0015)) AS unsubscribes,
    outcome.last_updated,
    outcome.last_updated + toIntervalSecond(40) AS updated_at
FROM outcomes AS outcome
WHERE outcome.recipients > 0
-- Or the older versions of a block would be dropped while it is inserted.
SETTINGS optimize_on_insert = 0
