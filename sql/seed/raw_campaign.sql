-- Table of the synthetic campaign source. One row: a version of one message of one campaign on one day.
CREATE TABLE IF NOT EXISTS campaign_statistics
(
    klaviyo_public_id String COMMENT 'Klaviyo account, six letters and digits, upper and lower case differ',
    date Date COMMENT 'Day the numbers belong to',
    campaign_id String COMMENT 'Campaign id',
    campaign_message_id String COMMENT 'Message of the campaign: an A/B test has several',
    send_channel String COMMENT 'Channel the message went out on, such as email, sms or push-notification',
    campaign_name String COMMENT 'Name of the campaign, as typed in Klaviyo',
    store_public_ids Array(String) COMMENT 'Stores this account sells through',
    tag_ids Array(String) COMMENT 'Ids of the tags',
    tag_names Array(String) COMMENT 'Names of the tags, in the order of tag_ids',
    recipients UInt32 COMMENT 'People the message was sent to',
    delivered UInt32 COMMENT 'Messages delivered: recipients less bounced_or_failed',
    opens UInt32 COMMENT 'Opens, every one counted',
    opens_unique UInt32 COMMENT 'People who opened, 0 for channels that do not track opens',
    clicks UInt32 COMMENT 'Clicks, every one counted',
    clicks_unique UInt32 COMMENT 'People who clicked',
    conversions UInt32 COMMENT 'Orders attributed to the message',
    conversion_uniques UInt32 COMMENT 'People with at least one attributed order',
    delivery_rate UInt16 COMMENT 'delivered / recipients, in basis points (2,350 is 23.5 percent)',
    open_rate UInt16 COMMENT 'opens_unique / delivered, in basis points (2,350 is 23.5 percent)',
    click_rate UInt16 COMMENT 'clicks_unique / delivered, in basis points (2,350 is 23.5 percent)',
    click_to_open_rate UInt16 COMMENT 'clicks_unique / opens_unique, in basis points (2,350 is 23.5 percent)',
    conversion_rate UInt16 COMMENT 'conversion_uniques / delivered, in basis points (2,350 is 23.5 percent)',
    conversion_value Float64 COMMENT 'Revenue attributed, in the currency of the account',
    average_order_value Float64 COMMENT 'conversion_value / conversions, 0 without conversions',
    revenue_per_recipient Float64 COMMENT 'conversion_value / recipients, 0 without recipients',
    bounced UInt32 COMMENT 'Messages refused by the receiving side',
    bounced_or_failed UInt32 COMMENT 'bounced + failed',
    failed UInt32 COMMENT 'Messages that could not be sent',
    spam_complaints UInt32 COMMENT 'People who marked the message as spam',
    unsubscribes UInt32 COMMENT 'People who unsubscribed through the message',
    last_updated DateTime64(3) COMMENT 'When Klaviyo last reported these numbers',
    updated_at DateTime64(3) COMMENT 'When this version of the row arrived: the newest version counts'
)
ENGINE = ReplacingMergeTree(updated_at)
PARTITION BY toYYYYMM(date)
ORDER BY (klaviyo_public_id, date, campaign_id, campaign_message_id, send_channel)
COMMENT 'made by aiviews seed: synthetic campaign statistics, a row is a version of a campaign message on a day'
