-- One row is one message of a flow on one day and one channel.
CREATE TABLE IF NOT EXISTS flow_ai_summary
(
    klaviyo_public_id String
        COMMENT 'Klaviyo account (public id) that this row belongs to',
    date Date
        COMMENT 'Calendar day that the counts belong to',
    flow_id String
        COMMENT 'Klaviyo id of the flow',
    flow_name String
        COMMENT 'Newest name of the flow, empty if Klaviyo gave none',
    flow_message_id String
        COMMENT 'Klaviyo id of the message within the flow',
    flow_message_name String
        COMMENT 'Newest name of the message, empty if Klaviyo gave none',
    send_channel String
        COMMENT 'Channel of the messages as Klaviyo names it: email, sms, push-notification and others',
    recipients UInt32
        COMMENT 'Messages sent out on this day, bounced ones included',
    opens UInt32
        COMMENT 'All opens on this day, repeated opens by one person included',
    opens_unique UInt32
        COMMENT 'Unique opens: a person counts once per message and day',
    clicks UInt32
        COMMENT 'All clicks on this day, repeated clicks by one person included',
    clicks_unique UInt32
        COMMENT 'Unique clicks: a person counts once per message and day',
    conversions UInt32
        COMMENT 'Conversions credited to this flow message on this day, repeats by one person included',
    conversion_value Float64
        COMMENT 'Revenue credited to this flow message on this day, in the account''s own currency',
    open_rate Float32
        COMMENT 'Unique opens / delivered, a fraction (0.18 = 18%), can exceed 1, 0 when nothing was delivered',
    click_rate Float32
        COMMENT 'Unique clicks / delivered, a fraction (0.18 = 18%), 0 when nothing was delivered',
    click_to_open_rate Float32
        COMMENT 'Unique clicks / unique opens, a fraction (0.18 = 18%), 0 when there were no opens',
    conversion_rate Float32
        COMMENT 'People who converted / delivered, a fraction (0.18 = 18%), 0 when nothing was delivered',
    revenue_per_recipient Float32
        COMMENT 'Revenue / delivered messages, in the account''s own currency, 0 when nothing was delivered',
    bounced UInt32
        COMMENT 'Messages that bounced on this day',
    unsubscribes UInt32
        COMMENT 'Unsubscribes on this day',
    spam_complaints UInt32
        COMMENT 'Spam complaints, estimated: delivered x the rate that Klaviyo gives for flows, rounded',
    day_of_week UInt8
        COMMENT 'Weekday as a number: 1 = Monday to 7 = Sunday',
    day_name String
        COMMENT 'Weekday in English: Monday to Sunday',
    is_weekend UInt8
        COMMENT '1 = Saturday or Sunday, 0 = Monday to Friday',
    ma_7day_open_rate Float32
        COMMENT 'Open rate of this flow and channel (all messages), 7 days to this date, never today, a fraction',
    ma_7day_click_rate Float32
        COMMENT 'Click rate of this flow and channel (all messages), the same 7 days, a fraction',
    ma_7day_conversion_rate Float32
        COMMENT 'Conversion rate of this flow and channel (all messages), the same 7 days, a fraction',
    ma_7day_revenue Float64
        COMMENT 'Mean daily revenue of this flow (all messages), the same 7 days, in the account''s own currency',
    wow_open_rate_change_pct Float32
        COMMENT 'Change of that 7-day open rate on the 7 days before, in percent (18.0 = +18%), 0 if no baseline',
    wow_click_rate_change_pct Float32
        COMMENT 'Change of that 7-day click rate on the 7 days before, in percent (18.0 = +18%), 0 if no baseline',
    wow_revenue_change_pct Float32
        COMMENT 'Change of that 7-day revenue on the 7 days before, in percent (18.0 = +18%), 0 if no baseline',
    account_avg_open_rate Float32
        COMMENT 'Open rate of all flows of this channel over 90 days, a fraction, 0 if none',
    account_avg_click_rate Float32
        COMMENT 'Click rate of all flows of this channel over 90 days, a fraction, 0 if none',
    account_avg_revenue Float64
        COMMENT 'Mean revenue per row (a flow message on a day) over these 90 days, in the account''s own currency',
    vs_account_open_rate_pct Float32
        COMMENT 'Open rate of this row against account_avg_open_rate, in percent (18.0 = +18%), 0 if no baseline',
    vs_account_click_rate_pct Float32
        COMMENT 'Click rate of this row against account_avg_click_rate, in percent (18.0 = +18%), 0 if no baseline',
    vs_account_revenue_pct Float32
        COMMENT 'Revenue of this row against account_avg_revenue, in percent (18.0 = +18%), 0 if no baseline',
    is_high_performer UInt8
        COMMENT '1 = performance_label is Excellent, else 0',
    is_low_performer UInt8
        COMMENT '1 = performance_label is Needs Attention, else 0',
    is_anomaly UInt8
        COMMENT '1 = the flow''s rate of the day far off its usual of the 28 days before, up or down',
    performance_label String
        COMMENT '7-day rate of the flow vs your average, Excellent to Needs Attention, or Not Enough Data',
    updated_at DateTime
        COMMENT 'When this row was computed, by the server clock, the same on all rows of one refresh',
    delivered UInt32 DEFAULT recipients - least(bounced, recipients)
        COMMENT 'Messages delivered on this day, estimated before adoption (recipients minus bounced)',
    conversion_uniques UInt32 DEFAULT conversions
        COMMENT 'People who converted, once per message and day, estimated before adoption (conversions)',
    has_prior_week UInt8
        COMMENT '1 = delivered in the 7 days before the window, 0 = no baseline, so a wow of 0 means unknown',
    revenue_prior_week Float64
        COMMENT 'Revenue in the 7 days before the 7-day window, in the account''s own currency, 0 if none or not known',
    label_basis LowCardinality(String) DEFAULT 'none'
        COMMENT 'Rate behind the label: open_rate, click_rate (no opens on this channel), none (not enough data)',
    is_settled UInt8
        COMMENT '1 = at least 7 days old when computed: attribution is closed, 0 = revenue can still grow'
)
ENGINE = ReplacingMergeTree(updated_at)
PARTITION BY klaviyo_public_id
ORDER BY (klaviyo_public_id, date, flow_id, flow_message_id, send_channel)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1
COMMENT 'One row is one flow message on one day and channel. Trends speak of the whole flow: do not sum them.'
