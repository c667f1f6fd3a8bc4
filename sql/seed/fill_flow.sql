-- Fills the synthetic flow source for a range of accounts. One row: a version of one flow message on one day.
INSERT INTO flow_statistics
(
    klaviyo_public_id, date, flow_id, flow_message_id, flow_name, flow_message_name, send_channel,
    store_public_ids, tag_ids, tag_names, recipients, delivered, opens, opens_unique, clicks, clicks_unique,
    conversions, conversion_uniques, delivery_rate, open_rate, click_rate, click_to_open_rate, conversion_rate,
    conversion_value, average_order_value, revenue_per_recipient, bounced, bounced_or_failed, failed,
    unsubscribes, unsubscribe_rate, spam_complaint_rate, last_updated, updated_at
)
WITH
--# include fragments/seed_accounts.sql,
    -- Name, messages, people entering a day per 1,000 of the audience, and open, click and conversion rate as a
    -- multiple of the account's.
    [
        ('Welcome Series', 4, 3.4, 1.25, 1.5, 1.9), ('Abandoned Cart', 3, 2.4, 1.2, 1.9, 2.6),
        ('Browse Abandonment', 2, 3.6, 1.05, 1.3, 1.1), ('Post-Purchase Thank You', 3, 1.6, 1.3, 0.8, 0.5),
        ('Customer Winback', 3, 1.1, 0.75, 0.6, 0.5), ('Abandoned Checkout', 3, 1.5, 1.25, 2.1, 2.8),
        ('Back in Stock', 1, 0.7, 1.35, 2.4, 2.2), ('Price Drop Alert', 1, 0.9, 1.15, 1.7, 1.4),
        ('VIP Club', 2, 0.5, 1.3, 1.2, 1.6), ('Birthday Treat', 2, 0.5, 1.2, 1.1, 1.3),
        ('Sunset Unengaged', 3, 0.9, 0.5, 0.3, 0.15), ('Review Request', 2, 1.3, 1.1, 1, 0.3),
        ('Replenishment Reminder', 2, 0.8, 1.1, 1.2, 1.8), ('Cross-sell: "You may also like"', 3, 1.2, 0.95, 1, 0.9),
        ('Loyalty Points Reminder', 2, 0.9, 1.05, 0.9, 1), ('Quiz Follow-up — Find Your Fit', 3, 0.6, 1.15, 1.4, 1.2),
        ('Shipping & Delivery Updates', 3, 1.5, 1.4, 0.7, 0.2), ('Bienvenue – série d’accueil', 3, 0.6, 1.2, 1.3, 1.5),
        ('Refer a Friend', 2, 0.5, 0.95, 0.8, 0.5), ('Giveaway Entrants', 2, 0.6, 0.9, 0.9, 0.6)
    ] AS flow_templates,
    -- One row is one flow of one account.
    flows AS
    (
        SELECT
            seed_account.account AS account,
            flow,
            cityHash64(seed_account.account_hash, 'flow', flow) AS flow_hash,
            flow_templates[1 + flow % 20] AS template,
            concat(template.1, ['', ' (UK)', ' - Returning Customers'][1 + intDiv(flow, 20)]) AS flow_name,
            -- The later copies of a template are the smaller ones.
            template.3 * (0.6 + 0.8 * (flow_hash % 1009) / 1009) / (1 + 2 * intDiv(flow, 20)) AS entering,
            arrayStringConcat(arrayMap(
                place -> substring('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789',
                    1 + intDiv(flow_hash, place) % 62, 1),
                [916132832, 14776336, 238328, 3844, 62, 1])) AS flow_id
        FROM seed_accounts AS seed_account
        ARRAY JOIN range(toUInt32(
            least(40, greatest(5, round(5 + 3.75 * seed_account.size_steps + seed_account.account_hash % 5))))) AS flow
    ),
    -- One row is one message of one flow: its usual daily recipients and rates, by channel.
    flow_messages AS
    (
        SELECT
            flows.account AS account,
            flows.flow AS flow,
            flows.flow_hash AS flow_hash,
            flows.flow_id AS flow_id,
            flows.flow_name AS flow_name,
            message,
            cityHash64(flows.flow_hash, 'message', message) AS message_hash,
            -- The first message is always an email.
            multiIf(
                message = 0, 'email',
                seed_account.sms_share > 0 AND (flows.flow + message) % 5 = 3, 'sms',
                seed_account.push_share > 0 AND (flows.flow + message) % 7 = 4, 'push-notification',
                'email') AS send_channel,
            arrayStringConcat(arrayMap(
                place -> substring('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789',
                    1 + intDiv(message_hash, place) % 62, 1),
                [916132832, 14776336, 238328, 3844, 62, 1])) AS flow_message_id,
            concat(
                multiIf(send_channel = 'sms', 'SMS ', send_channel = 'push-notification', 'Push ', 'Email '),
                toString(message + 1), ': ',
                ['First touch', 'Reminder', 'What others say', 'Last chance', 'Bestsellers', 'What''s inside',
                    'Your “little extra”', 'Final nudge'][1 + message % 8]) AS flow_message_name,
            seed_account.audience * flows.entering / 1000 / (1 + 0.16 * message)
                * multiIf(send_channel = 'sms', seed_account.sms_share,
                    send_channel = 'push-notification', seed_account.push_share, 1) AS usual_recipients,
            -- SMS tracks no opens.
            multiIf(send_channel = 'sms', 0, send_channel = 'push-notification', 0.06,
                least(0.72, seed_account.open_rate * flows.template.4 / (1 + 0.04 * message))) AS usual_open_rate,
            seed_account.click_rate * flows.template.5 / (1 + 0.08 * message)
                * multiIf(send_channel = 'sms', 1.9, send_channel = 'push-notification', 0.7, 1) AS usual_click_rate,
            seed_account.conversion_rate * flows.template.6 / (1 + 0.1 * message)
                * multiIf(send_channel = 'sms', 1.3, send_channel = 'push-notification', 0.5, 1)
                AS usual_conversion_rate
        FROM flows
        ALL INNER JOIN seed_accounts AS seed_account ON seed_account.account = flows.account
        ARRAY JOIN range(toUInt32(flows.template.2 + flows.flow_hash % 3)) AS message
    ),
    -- One row is one message on one day in one delivered version (0 is the newest), each 6 hours older.
    message_days AS
    (
        SELECT
            message.flow_id AS flow_id,
            message.flow_message_id AS flow_message_id,
            message.flow_name AS flow_name,
            message.flow_message_name AS flow_message_name,
            message.send_channel AS send_channel,
            account_day.klaviyo_public_id AS klaviyo_public_id,
            account_day.store_public_ids AS store_public_ids,
            account_day.date AS date,
            account_day.days_ago AS days_ago,
            account_day.order_value AS order_value,
            version,
            cityHash64(message.message_hash, account_day.days_ago) AS row_hash,
            cityHash64(row_hash, 'outcome') AS outcome_hash,
            message.usual_recipients * account_day.volume * (0.85 + 0.3 * bitAnd(row_hash, 65535) / 65536)
                -- The last day is not over, and its older versions saw less of it.
                * if(account_day.days_ago = 0, 0.42 / (1 + version), 1) AS expected_recipients,
            message.usual_open_rate * (0.94 + 0.12 * bitAnd(bitShiftRight(row_hash, 16), 65535) / 65536)
                * (1 - 0.04 * version)
                -- Now and then the tracking of a flow breaks for a day: in the showcase, in the welcome series.
                * if(cityHash64(message.flow_hash, 'tracking', account_day.days_ago) % 4000 = 0
                    OR (message.account = 0 AND message.flow = 0 AND account_day.days_ago = 5), 0.3, 1) AS open_rate,
            message.usual_click_rate * (0.85 + 0.3 * bitAnd(bitShiftRight(row_hash, 32), 65535) / 65536)
                * (1 - 0.04 * version) AS click_rate,
            -- Attribution: an order is counted up to five days after the click.
            message.usual_conversion_rate * (0.8 + 0.4 * bitAnd(bitShiftRight(row_hash, 48), 65535) / 65536)
                * (1 - 0.08 * version) * [0.8, 0.87, 0.93, 0.97, 0.99, 1][1 + least(5, account_day.days_ago)]
                AS conversion_rate
        FROM account_days AS account_day
        ALL INNER JOIN flow_messages AS message ON message.account = account_day.account
        ARRAY JOIN range(toUInt32(if(account_day.days_ago < 7, 1 + least(4, account_day.days_ago + 1), 1))) AS version
        WHERE account_day.days_ago < {days:UInt32}
            -- An outage: no message of the flow that day. The showcase had one in its abandoned cart.
            AND cityHash64(message.flow_hash, 'outage', account_day.days_ago) % 1500 != 0
            AND NOT (message.account = 0 AND message.flow = 1 AND account_day.days_ago = 17)
    ),
    -- Rounding up by chance keeps small expectations right: 0.3 orders a day are an order on three days in ten.
    deliveries AS
    (
        SELECT
            *,
            toUInt32(floor(message_day.expected_recipients + (message_day.row_hash % 1009) / 1009)) AS recipients,
            toUInt32(floor(recipients * 0.004 + (message_day.row_hash % 1013) / 1013)) AS bounced_by_chance,
            toUInt32(floor(recipients * if(message_day.send_channel = 'email', 0.0005, 0.025)
                + (message_day.row_hash % 1019) / 1019)) AS failed_by_chance,
            if(message_day.send_channel = 'email', least(recipients, bounced_by_chance), 0) AS bounced,
            least(recipients - bounced, failed_by_chance) AS failed,
            recipients - bounced - failed AS delivered
        FROM message_days AS message_day
    ),
    -- Yesterday's mail is opened on a day without a send, too: some rows have openers and no recipients.
    engagements AS
    (
        SELECT
            *,
            toUInt32(if(
                delivery.recipients = 0,
                delivery.open_rate > 0.1 AND delivery.outcome_hash % 11 = 0,
                floor(delivery.delivered * delivery.open_rate + (delivery.outcome_hash % 1009) / 1009)))
                AS opens_unique,
            toUInt32(floor(delivery.delivered * delivery.click_rate + (delivery.outcome_hash % 1013) / 1013)
                * (delivery.delivered > 0)) AS clicks_unique,
            toUInt32(floor(delivery.delivered * delivery.conversion_rate + (delivery.outcome_hash % 1019) / 1019)
                * (delivery.delivered > 0)) AS conversion_uniques,
            toUInt32(floor(delivery.delivered * 0.0013 + (delivery.outcome_hash % 1021) / 1021)
                * (delivery.delivered > 0)) AS unsubscribes,
            toUInt32(floor(delivery.delivered * 0.00012 + (delivery.outcome_hash % 1031) / 1031)
                * (delivery.send_channel = 'email' AND delivery.delivered > 0)) AS spam_complaints
        FROM deliveries AS delivery
    ),
    totals AS
    (
        SELECT
            *,
            toUInt32(floor(engagement.opens_unique * (1.2 + 0.3 * (engagement.outcome_hash % 1033) / 1033))) AS opens,
            toUInt32(floor(engagement.clicks_unique * (1.1 + 0.3 * (engagement.outcome_hash % 1039) / 1039))) AS clicks,
            toUInt32(floor(engagement.conversion_uniques * 1.06 + (engagement.outcome_hash % 1049) / 1049 * 0.9)
                * (engagement.conversion_uniques > 0)) AS conversions,
            round(conversions * engagement.order_value
                * (0.75 + 0.5 * (engagement.outcome_hash % 1051) / 1051), 2) AS conversion_value,
            -- Rows are delivered again for a week, then stay. The time within the quarter of an hour is the row's own.
            toDateTime64({last_day:Date} - greatest(engagement.days_ago, 7) + 7, 3, 'UTC')
                - toIntervalHour(6 * engagement.version) - toIntervalMinute(16)
                + toIntervalMillisecond(engagement.row_hash % 900000) AS last_updated
        FROM engagements AS engagement
        WHERE engagement.recipients > 0 OR engagement.opens_unique > 0
    )
SELECT
    total.klaviyo_public_id, total.date, total.flow_id, total.flow_message_id, total.flow_name,
    total.flow_message_name, total.send_channel, total.store_public_ids,
    ['tag-flow'] AS tag_ids, ['flow'] AS tag_names,
    total.recipients, total.delivered, total.opens, total.opens_unique, total.clicks, total.clicks_unique,
    total.conversions, total.conversion_uniques,
    if(total.recipients = 0, 0, total.delivered / total.recipients) AS delivery_rate,
    if(total.delivered = 0, 0, total.opens_unique / total.delivered) AS stored_open_rate,
    if(total.delivered = 0, 0, total.clicks_unique / total.delivered) AS stored_click_rate,
    if(total.opens_unique = 0, 0, total.clicks_unique / total.opens_unique) AS click_to_open_rate,
    if(total.delivered = 0, 0, total.conversion_uniques / total.delivered) AS stored_conversion_rate,
    total.conversion_value,
    if(total.conversions = 0, 0, round(total.conversion_value / total.conversions, 2)) AS average_order_value,
    if(total.recipients = 0, 0, total.conversion_value / total.recipients) AS revenue_per_recipient,
    total.bounced, total.bounced + total.failed AS bounced_or_failed, total.failed, total.unsubscribes,
    if(total.delivered = 0, 0, total.unsubscribes / total.delivered) AS unsubscribe_rate,
    if(total.delivered = 0, 0, total.spam_complaints / total.delivered) AS spam_complaint_rate,
    total.last_updated,
    total.last_updated + toIntervalSecond(40) AS updated_at
FROM totals AS total
-- Or the older versions of a block would be dropped while it is inserted.
SETTINGS optimize_on_insert = 0
