-- Adds the accounts with a story to the synthetic flow source. One row: a version of one flow message on one day.
INSERT INTO flow_statistics
(
    klaviyo_public_id, date, flow_id, flow_message_id, flow_name, flow_message_name, send_channel,
    store_public_ids, tag_ids, tag_names, recipients, delivered, opens, opens_unique, clicks, clicks_unique,
    conversions, conversion_uniques, delivery_rate, open_rate, click_rate, click_to_open_rate, conversion_rate,
    conversion_value, average_order_value, revenue_per_recipient, bounced, bounced_or_failed, failed,
    unsubscribes, unsubscribe_rate, spam_complaint_rate, last_updated, updated_at
)
WITH
--# include fragments/story_days.sql,
    -- One row is one message on one day in one version: flow, channel, recipients a day, open, click, order rate.
    messages AS
    (
        SELECT
            story_day.*,
            message,
            cityHash64(story_day.day_hash, message.1, message.2) AS row_hash,
            toUInt32(round(message.3 * story_day.volume * (0.9 + 0.2 * (row_hash % 1013) / 1013)
                -- The last day is not over.
                * if(story_day.age = 0, 0.42, 1))) AS recipients
        FROM story_days AS story_day
        ARRAY JOIN [
            ('Welcome Series', 'email', 900, 0.46, 0.05, 0.024),
            ('Abandoned Cart', 'email', 420, 0.5, 0.08, 0.052),
            ('Abandoned Cart', 'sms', 160, 0.0, 0.09, 0.03),
            ('Customer Winback', 'email', 380, 0.31, 0.02, 0.009)
        ] AS message
        WHERE NOT (story_day.is_flow_dead AND message.1 = 'Welcome Series')
    ),
    -- One row is the same with what people did.
    outcomes AS
    (
        SELECT
            *,
            if(is_tracking_broken, 0, toUInt32(round(recipients * message.4))) AS opens_unique,
            toUInt32(round(recipients * message.5 * (0.9 + 0.2 * (row_hash % 1019) / 1019))) AS clicks_unique,
            toUInt32(floor(recipients * message.6 * attributed + (row_hash % 1021) / 1021)) AS orders,
            round(orders * 62 * (0.85 + 0.3 * (row_hash % 1031) / 1031), 2) AS revenue
        FROM messages
    )
SELECT
    outcome.klaviyo_public_id, outcome.date,
    concat('Fl', substring(hex(sipHash64(outcome.message.1)), 1, 4)) AS flow_id,
    concat('Fm', substring(hex(sipHash64(outcome.message.1, outcome.message.2)), 1, 4)) AS flow_message_id,
    outcome.message.1 AS flow_name, concat(outcome.message.1, ' - ', outcome.message.2) AS flow_message_name,
    outcome.message.2 AS send_channel,
    [lower(concat(outcome.klaviyo_public_id, '-store-1'))] AS store_public_ids,
    ['tag-flow'] AS tag_ids, ['flow'] AS tag_names,
    outcome.recipients, outcome.recipients AS delivered,
    outcome.opens_unique AS opens, outcome.opens_unique, outcome.clicks_unique AS clicks, outcome.clicks_unique,
    outcome.orders AS conversions, outcome.orders AS conversion_uniques,
    1 AS delivery_rate,
    if(outcome.recipients = 0, 0, outcome.opens_unique / outcome.recipients) AS open_rate,
    if(outcome.recipients = 0, 0, outcome.clicks_unique / outcome.recipients) AS click_rate,
    if(outcome.opens_unique = 0, 0, outcome.clicks_unique / outcome.opens_unique) AS click_to_open_rate,
    if(outcome.recipients = 0, 0, outcome.orders / outcome.recipients) AS conversion_rate,
    outcome.revenue AS conversion_value,
    if(outcome.orders = 0, 0, round(outcome.revenue / outcome.orders, 2)) AS average_order_value,
    if(outcome.recipients = 0, 0, outcome.revenue / outcome.recipients) AS revenue_per_recipient,
    0 AS bounced, 0 AS bounced_or_failed, 0 AS failed,
    toUInt32(round(outcome.recipients * 0.001)) AS unsubscribes, 0.001 AS unsubscribe_rate,
    0 AS spam_complaint_rate,
    outcome.last_updated,
    outcome.last_updated + toIntervalSecond(40) AS updated_at
FROM outcomes AS outcome
WHERE outcome.recipients > 0
-- Or the older versions of a block would be dropped while it is inserted.
SETTINGS optimize_on_insert = 0
