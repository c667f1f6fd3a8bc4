-- One row is one account, or all, of which no alerts of a kind are sent for some days
CREATE TABLE IF NOT EXISTS ai_alert_mutes
(
    klaviyo_public_id String
        COMMENT 'Klaviyo account (public id), empty for all',
    kind LowCardinality(String)
        COMMENT 'Kind of alert as in ai_alert_outbox, empty for all',
    muted_on Date
        COMMENT 'First day without alerts',
    muted_until Date
        COMMENT 'Last day without alerts, the day before muted_on if there is none',
    muted_at DateTime64(3) DEFAULT now64(3)
        COMMENT 'When it was told: of the rows of one key the newest counts'
)
ENGINE = ReplacingMergeTree(muted_at)
ORDER BY (klaviyo_public_id, kind)
TTL muted_until + INTERVAL 400 DAY
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1
COMMENT 'Muted alerts: one row is one account and kind. Read it with FINAL. Kept for 400 days after the last day.'
