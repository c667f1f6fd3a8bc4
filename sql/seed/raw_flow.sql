-- Table of the synthetic flow source. One row: a version of one message of one flow on one day.
CREATE TABLE IF NOT EXISTS flow_statistics
(
    klaviyo_public_id String COMMENT 'Klaviyo account, six letters and digits, upper and lower case differ',
    date Date COMMENT 'Day the numbers belong to',
    flow_id String COMMENT 'Flow id',
    flow_message_id String COMMENT 'Message (step) of the flow',
    flow_name String COMMENT 'Name of the flow, as typed in Klaviyo',
    flow_message_name String COMMENT 'Name of the message, as typed in Klaviyo',
    send_channel String COMMENT 'Channel the message went out on, such as email, sms or push-notification',
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
    delivery_rate Float64 COMMENT 'delivered / recipients, a fraction',
    open_rate Float64 COMMENT 'opens_unique / delivered, a fraction',
    click_rate Float64 COMMENT 'clicks_unique / delivered, a fraction',
    click_to_open_rate Float64 COMMENT 'clicks_unique / opens_unique, a fraction',
    conversion_rate Float64 COMMENT 'conversion_uniques / delivered, a fraction',
    conversion_value Float64 COMMENT 'Revenue attributed, in the currency of the account',
    average_order_value Float64 COMMENT 'conversion_value / conversions, 0 without conversions',
    revenue_per_recipient Float64 COMMENT 'conversion_value / recipients, 0 without recipients',
    bounced UInt32 COMMENT 'Messages refused by the receiving side',
    bounced_or_failed UInt32 COMMENT 'bounced + failed',
    failed UInt32 COMMENT 'Messages that could not be sent',
    unsubscribes UInt32 COMMENT 'People who unsubscribed through the message',
    unsubscribe_rate Float64 COMMENT 'unsubscribes / delivered, a fraction',
    spam_complaint_rate Float64 COMMENT 'Spam complaints / delivered, a fraction',
    last_updated DateTime64(3) COMMENT 'When Klaviyo last reported these numbers',
    updated_at DateTime64(3) COMMENT 'When this version of the row arrived: the newest version counts'
)
ENGINE = ReplacingMergeTree(updated_at)
PARTITION BY toYYYYMM(date)
ORDER BY (klaviyo_public_id, date, flow_id, flow_message_id, send_channel)
COMMENT 'made by aiviews seed: synthetic flow statistics, a row is a version of a flow message on a day'
