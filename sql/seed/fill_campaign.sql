-- Fills the synthetic campaign source for a range of accounts. One row: a version of a campaign message on a day.
INSERT INTO campaign_statistics
(
    klaviyo_public_id, date, campaign_id, campaign_message_id, send_channel, campaign_name,
    store_public_ids, tag_ids, tag_names, recipients, delivered, opens, opens_unique, clicks, clicks_unique,
    conversions, conversion_uniques, delivery_rate, open_rate, click_rate, click_to_open_rate, conversion_rate,
    conversion_value, average_order_value, revenue_per_recipient, bounced, bounced_or_failed, failed,
    spam_complaints, unsubscribes, last_updated, updated_at
)
WITH
--# include fragments/seed_accounts.sql,
    [
        'Newsletter', 'New Arrivals', 'Weekend Sale', 'Bestsellers Are Back', 'VIP Early Access', 'Last Chance',
        '10 % Off: "Just for You"', 'Behind the Scenes', 'Gift Guide', 'Free Shipping Day', 'Restock Alert',
        'What Customers Say', 'The Founder''s Favourites', 'Soldes d’été', 'Für Stammkunden', 'Style Guide',
        'Flash Sale – 24 h', '新作コレクション', 'Care & Repair Tips', 'Bundle & Save', 'Outlet', 'Members'' Week',
        'Ready for Monday', 'Thank You'
    ] AS campaign_names,
    -- One row is one campaign: what is sent, to how many, and how well it does against the account.
    campaigns AS
    (
        SELECT
            account_day.*,
            slot,
            -- Slots 0 to 2 are emails, 3 is a text message, 4 a push notification.
            multiIf(slot < 3, 'email', slot = 3, 'sms', 'push-notification') AS send_channel,
            cityHash64(account_day.account_hash, 'campaign', account_day.days_ago, slot) AS campaign_hash,
            concat('01K', substring(hex(sipHash128(campaign_hash, 'campaign')), 1, 23)) AS campaign_id,
            concat(
                campaign_names[1 + bitShiftRight(campaign_hash, 8) % 24],
                if(slot = 3, ' (SMS) - ', ' - '),
                formatDateTime(account_day.date, '%Y-%m-%d')) AS campaign_name,
            if(slot < 3, [1, 1, 1, 2, 2, 3][1 + bitShiftRight(campaign_hash, 16) % 6], 1) AS variants,
            account_day.audience * account_day.volume * (0.2 + 0.6 * bitAnd(campaign_hash, 1023) / 1024)
                * multiIf(slot < 3, 1, slot = 3, account_day.sms_share, account_day.push_share) AS audience_reached,
            -- True anomalies: a broken subject line, and a link that everyone clicks. The showcase has one of each.
            (campaign_hash % 250 = 0) OR (account_day.account = 0 AND slot = 0 AND account_day.days_ago = 10)
                AS is_collapse,
            (campaign_hash % 250 = 1) OR (account_day.account = 0 AND slot = 3 AND account_day.days_ago = 11)
                AS is_hit
        FROM account_days AS account_day
        ARRAY JOIN [0, 1, 2, 3, 4] AS slot
        WHERE
            multiIf(slot < 3, 1, slot = 3, account_day.sms_share, account_day.push_share) > 0
            AND (
                -- The chance of a send: emails fill slot after slot, each account has its own favourite weekdays.
                (cityHash64(account_day.account_hash, 'send', account_day.days_ago, slot) % 10007) / 10007
                    < least(1, greatest(0, multiIf(slot < 3, account_day.campaign_pace - slot,
                        0.35 * account_day.campaign_pace)))
                        * (0.5 + ((toDayOfWeek(account_day.date) * 3 + account_day.account_hash) % 7) / 6)
                OR (account_day.account = 0 AND slot = 0 AND account_day.days_ago IN (0, 1, 10))
                OR (account_day.account = 0 AND slot = 3 AND account_day.days_ago % 4 = 3))
    ),
    -- One row is one message of a campaign on one day in one delivered version (0 is the newest). One campaign
    -- in eight goes out by local time: a twelfth of it is sent, or only opened, on the day after.
    message_days AS
    (
        SELECT
            campaign.*,
            campaign.days_ago - day_after AS row_days_ago,
            campaign.date + day_after AS row_date,
            version,
            cityHash64(campaign.campaign_hash, 'message', variant) AS message_hash,
            concat('01K', substring(hex(sipHash128(message_hash, 'message')), 1, 23)) AS campaign_message_id,
            cityHash64(message_hash, day_after) AS row_hash,
            cityHash64(row_hash, 'outcome') AS outcome_hash,
            campaign.audience_reached / campaign.variants * (0.97 + 0.06 * bitAnd(row_hash, 65535) / 65536)
                * multiIf(day_after = 0, 1, campaign.campaign_hash % 16 = 3, 0.08, 0)
                -- The last day is not over, and its older versions saw less of it.
                * if(row_days_ago = 0, 0.42 / (1 + version), 1) AS expected_recipients,
            day_after = 1 AND campaign.campaign_hash % 16 = 11 AS is_only_opened,
            multiIf(campaign.send_channel = 'sms', 0, campaign.send_channel = 'push-notification', 0.05,
                    campaign.open_rate)
                * (0.86 + 0.24 * bitAnd(bitShiftRight(campaign.campaign_hash, 24), 65535) / 65536)
                * (0.97 + 0.06 * bitAnd(bitShiftRight(row_hash, 16), 65535) / 65536)
                * if(campaign.is_collapse, 0.35, 1) * (1 - 0.04 * version) AS message_open_rate,
            campaign.click_rate * multiIf(campaign.send_channel = 'sms', 1.9, campaign.send_channel = 'email', 1, 0.6)
                * (0.75 + 0.5 * bitAnd(bitShiftRight(campaign.campaign_hash, 32), 65535) / 65536)
                * (0.95 + 0.1 * bitAnd(bitShiftRight(row_hash, 32), 65535) / 65536)
                * multiIf(campaign.is_collapse, 0.5, campaign.is_hit, 3, 1) * (1 - 0.04 * version)
                AS message_click_rate,
            campaign.conversion_rate
                * multiIf(campaign.send_channel = 'email', 0.35, campaign.send_channel = 'sms', 0.8, 0.2)
                * (0.5 + bitAnd(bitShiftRight(campaign.campaign_hash, 40), 65535) / 65536)
                * multiIf(campaign.is_collapse, 0.4, campaign.is_hit, 1.8, 1) * (1 - 0.08 * version)
                -- Attribution: an order is counted up to five days after the click.
                * [0.8, 0.87, 0.93, 0.97, 0.99, 1][1 + least(5, row_days_ago)] AS message_conversion_rate
        FROM campaigns AS campaign
        ARRAY JOIN range(toUInt32(campaign.variants)) AS variant
        ARRAY JOIN range(toUInt32(1 + (campaign.campaign_hash % 8 = 3 AND campaign.days_ago > 0))) AS day_after
        ARRAY JOIN range(toUInt32(if(campaign.days_ago - day_after < 7,
            1 + least(4, campaign.days_ago - day_after + 1), 1))) AS version
        WHERE row_days_ago < {days:UInt32}
    ),
    -- Rounding up by chance keeps small expectations right.
    deliveries AS
    (
        SELECT
            *,
            toUInt32(floor(message_day.expected_recipients + (message_day.row_hash % 1009) / 1009)) AS recipients,
            toUInt32(floor(recipients * 0.005 + (message_day.row_hash % 1013) / 1013)) AS bounced_by_chance,
            toUInt32(floor(recipients * if(message_day.send_channel = 'email', 0.0005, 0.025)
                + (message_day.row_hash % 1019) / 1019)) AS failed_by_chance,
            if(message_day.send_channel = 'email', least(recipients, bounced_by_chance), 0) AS bounced,
            least(recipients - bounced, failed_by_chance) AS failed,
            recipients - bounced - failed AS delivered
        FROM message_days AS message_day
    ),
    engagements AS
    (
        SELECT
            *,
            toUInt32(if(
                delivery.recipients = 0,
                if(delivery.is_only_opened, ceil(delivery.audience_reached * delivery.message_open_rate / 40), 0),
                floor(delivery.delivered * delivery.message_open_rate + (delivery.outcome_hash % 1009) / 1009)))
                AS opens_unique,
            toUInt32(floor(delivery.delivered * delivery.message_click_rate + (delivery.outcome_hash % 1013) / 1013)
                * (delivery.delivered > 0)) AS clicks_unique,
            toUInt32(floor(delivery.delivered * delivery.message_conversion_rate
                + (delivery.outcome_hash % 1019) / 1019) * (delivery.delivered > 0)) AS conversion_uniques,
            toUInt32(floor(delivery.delivered * 0.0016 + (delivery.outcome_hash % 1021) / 1021)
                * (delivery.delivered > 0)) AS unsubscribes,
            toUInt32(floor(delivery.delivered * 0.00015 + (delivery.outcome_hash % 1031) / 1031)
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
                * (0.85 + 0.3 * (engagement.outcome_hash % 1051) / 1051), 2) AS conversion_value,
            -- Rows are delivered again for a week, then stay. The time within the quarter of an hour is the row's own.
            toDateTime64({last_day:Date} - greatest(engagement.row_days_ago, 7) + 7, 3, 'UTC')
                - toIntervalHour(6 * engagement.version) - toIntervalMinute(16)
                + toIntervalMillisecond(engagement.row_hash % 900000) AS last_updated
        FROM engagements AS engagement
        WHERE engagement.recipients > 0 OR engagement.opens_unique > 0
    )
SELECT
    total.klaviyo_public_id, total.row_date, total.campaign_id, total.campaign_message_id, total.send_channel,
    total.campaign_name, total.store_public_ids,
    if(total.campaign_hash % 3 = 0, ['tag-promotion', 'tag-newsletter'], ['tag-newsletter']) AS tag_ids,
    if(total.campaign_hash % 3 = 0, ['promotion', 'newsletter'], ['newsletter']) AS tag_names,
    total.recipients, total.delivered, total.opens, total.opens_unique, total.clicks, total.clicks_unique,
    total.conversions, total.conversion_uniques,
    -- Basis points, and saturated, as production stores them.
    toUInt16(if(total.recipients = 0, 0, round(10000 * total.delivered / total.recipients))) AS delivery_points,
    toUInt16(if(total.delivered = 0, 0, least(65535, round(10000 * total.opens_unique / total.delivered))))
        AS open_points,
    toUInt16(if(total.delivered = 0, 0, least(65535, round(10000 * total.clicks_unique / total.delivered))))
        AS click_points,
    toUInt16(if(total.opens_unique = 0, 0, least(65535, round(10000 * total.clicks_unique / total.opens_unique))))
        AS click_to_open_points,
    toUInt16(if(total.delivered = 0, 0, least(65535, round(10000 * total.conversion_uniques / total.delivered))))
        AS conversion_points,
    total.conversion_value,
    if(total.conversions = 0, 0, round(total.conversion_value / total.conversions, 2)) AS average_order_value,
    if(total.recipients = 0, 0, total.conversion_value / total.recipients) AS revenue_per_recipient,
    total.bounced, total.bounced + total.failed AS bounced_or_failed, total.failed,
    total.spam_complaints, total.unsubscribes,
    total.last_updated,
    total.last_updated + toIntervalSecond(40) AS updated_at
FROM totals AS total
-- Or the older versions of a block would be dropped while it is inserted.
SETTINGS optimize_on_insert = 0
