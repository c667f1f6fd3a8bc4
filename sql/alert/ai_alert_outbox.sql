-- One row is one piece of news for one destination: it is written before it is sent, and again with what became of it
CREATE TABLE IF NOT EXISTS ai_alert_outbox
(
    destination String
        COMMENT 'Destination by its name in the config file',
    klaviyo_public_id String
        COMMENT 'Klaviyo account (public id) that this row belongs to, empty where it is about all accounts or a token',
    topic String
        COMMENT 'What it is about, the same in every run: kind and account, or the id of the event',
    turn UInt32
        COMMENT 'How often the same has happened, from 1 on',
    change LowCardinality(String)
        COMMENT 'opened or closed',
    alert_id String
        COMMENT 'Id of the news, the same in every run: of destination, topic, turn and change',
    message_id String
        COMMENT 'Id of the message that it travels in, the same in every try: idempotency key, or Message-ID of a mail',
    kind LowCardinality(String)
        COMMENT 'event, stale, failed, held_back, broken_off, budget or forecast',
    severity LowCardinality(String)
        COMMENT 'low, medium, high or critical',
    store String
        COMMENT 'What people called the account when the row was made',
    words String
        COMMENT 'The news in a sentence',
    state LowCardinality(String)
        COMMENT 'waiting, sending, sent, given_up (after 7 days), or quiet: noted without a message',
    unsure UInt8
        COMMENT '1 if an earlier try may have arrived without our knowing, else 0',
    tries UInt32
        COMMENT 'Runs that tried to send it',
    error String
        COMMENT 'Why the last try failed, without any secret, empty otherwise',
    made_at DateTime
        COMMENT 'When the row was made, by the server clock',
    next_try_at DateTime
        COMMENT 'Not tried before, as the destination asked',
    updated_at DateTime
        COMMENT 'When the state was written, by the server clock',
    version UInt64
        COMMENT 'Of the rows of one key the highest counts'
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY toYYYYMM(made_at)
ORDER BY (destination, klaviyo_public_id, topic, turn, change)
TTL made_at + INTERVAL 400 DAY
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1
COMMENT 'Alerts: one row is one piece of news for one destination. Read it with FINAL. Kept for 400 days.'
