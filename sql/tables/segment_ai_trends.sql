-- One row is the snapshot of one segment on one day.
CREATE TABLE IF NOT EXISTS segment_ai_trends
(
    klaviyo_public_id String
        COMMENT 'Klaviyo account (public id) that this row belongs to',
    date Date
        COMMENT 'Calendar day of the snapshot',
    segment_id String
        COMMENT 'Klaviyo id of the segment',
    segment_name String
        COMMENT 'Newest name of the segment, empty if Klaviyo gave none',
    total_members UInt32
        COMMENT 'People in the segment on this day',
    new_members UInt32
        COMMENT 'People who joined on this day',
    removed_members UInt32
        COMMENT 'People who left on this day',
    daily_change Int32
        COMMENT 'Change of the number of people since the day before, negative when it shrank',
    growth_rate_pct Float32
        COMMENT 'daily_change as a share of the day before, in percent (0.5 = +0.5%), 0 if it was empty',
    ma_7day_growth_rate Float32
        COMMENT 'Mean of growth_rate_pct over the snapshots of the last 7 days, in percent (0.5 = +0.5%)',
    wow_member_change_pct Float32
        COMMENT 'People in the segment against the snapshot 7 to 10 days before, in percent, 0 if there is none',
    mom_member_change_pct Float32
        COMMENT 'People in the segment against the snapshot 30 to 33 days before, in percent, 0 if there is none',
    is_growing UInt8
        COMMENT '1 = growth_label is Growing or Growing Fast, else 0',
    is_shrinking UInt8
        COMMENT '1 = growth_label is Shrinking or Shrinking Fast, else 0',
    growth_label String
        COMMENT 'By wow_member_change_pct: Growing Fast, Growing, Stable, Shrinking, Shrinking Fast, New (no baseline)',
    updated_at DateTime
        COMMENT 'When this row was computed, by the server clock, the same on all rows of one refresh',
    has_prior_week UInt8
        COMMENT '1 = there is a snapshot 7 to 10 days before, 0 = none, so wow_member_change_pct 0 means unknown',
    has_prior_month UInt8
        COMMENT '1 = there is a snapshot 30 to 33 days before, 0 = none, so mom_member_change_pct 0 means unknown'
)
ENGINE = ReplacingMergeTree(updated_at)
PARTITION BY klaviyo_public_id
ORDER BY (klaviyo_public_id, date, segment_id)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1
COMMENT 'One row is one segment on one day: its size and growth. Sizes are snapshots: never sum them over days.'
