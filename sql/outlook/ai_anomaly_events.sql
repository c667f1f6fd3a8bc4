-- One row is one event: days of one account on which something was not as usual
CREATE TABLE IF NOT EXISTS ai_anomaly_events
(
    event_id String
        COMMENT 'Id of the event, the same in every run: of account, channel, metric, kind, subject and day of opening',
    klaviyo_public_id String
        COMMENT 'Klaviyo account (public id) that this row belongs to, empty for the source: many accounts at once',
    send_channel String
        COMMENT 'Channel as Klaviyo names it, empty for the whole account',
    metric LowCardinality(String)
        COMMENT 'revenue, delivered, data, or a rate: open_rate, click_rate, unsubscribe_rate and others',
    kind LowCardinality(String)
        COMMENT 'below_usual, above_usual, flow_stopped, tracking_broken or data_missing',
    subject String
        COMMENT 'Flow (id) that stopped, else empty',
    severity LowCardinality(String)
        COMMENT 'low, medium, high or critical: by the distance from the usual and the money at stake',
    opened_on Date
        COMMENT 'First day of the event',
    last_seen_on Date
        COMMENT 'Last day that was not as usual',
    closed_on Nullable(Date)
        COMMENT 'Day on which it was over: as usual again, or the new usual. Null while it is open',
    days UInt8 DEFAULT 1
        COMMENT 'How many days the figures are of: 1, or several up to its oddest day',
    observed Float64
        COMMENT 'What was on its oddest day or days. Rates are fractions (0.18 = 18%), of the source: accounts',
    expected Float64
        COMMENT 'What was expected of that day or these days. Rates are fractions, of the source: accounts',
    expected_low Float64
        COMMENT 'Below this it is unusual. Rates are fractions, of the source: accounts',
    expected_high Float64
        COMMENT 'Above this it is unusual. Rates are fractions, of the source: accounts',
    money_at_stake Float64
        COMMENT 'Revenue that the days of the event are about, in the account''s own currency, of the source: 0',
    words String
        COMMENT 'The event in a sentence',
    reason String
        COMMENT 'Why, where a rule knows: fewer messages sent, or less per message. Else empty',
    updated_at DateTime
        COMMENT 'When the row was computed, by the server clock: of the rows of one key the newest counts'
)
ENGINE = ReplacingMergeTree(updated_at)
PARTITION BY toYYYYMM(opened_on)
ORDER BY (klaviyo_public_id, opened_on, send_channel, metric, kind, event_id)
TTL last_seen_on + INTERVAL 400 DAY
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1
COMMENT 'One row is one event: days of an account that were not as usual. Read it with FINAL. Kept for 400 days.'
