-- Table of the synthetic segment source. One row: a version of one segment of one account at the end of one day.
CREATE TABLE IF NOT EXISTS segment_statistics
(
    klaviyo_public_id String COMMENT 'Klaviyo account, six letters and digits, upper and lower case differ',
    date Date COMMENT 'Day the numbers belong to',
    segment_id String COMMENT 'Segment id',
    segment_name String COMMENT 'Name of the segment, as typed in Klaviyo',
    store_public_ids Array(String) COMMENT 'Stores this account sells through',
    tag_ids Array(String) COMMENT 'Ids of the tags',
    tag_names Array(String) COMMENT 'Names of the tags, in the order of tag_ids',
    total_members UInt32 COMMENT 'Members at the end of the day',
    members_count UInt32 COMMENT 'Members at the end of the day, as the segment list shows it',
    new_members UInt32 COMMENT 'Members who joined that day',
    removed_members UInt32 COMMENT 'Members who left that day',
    daily_change Int32 COMMENT 'new_members - removed_members, negative when the segment shrank',
    conversion_value Float64 COMMENT 'Revenue of the members on that day, in the currency of the account',
    last_updated DateTime64(3) COMMENT 'When Klaviyo last reported these numbers',
    updated_at DateTime64(3) COMMENT 'When this version of the row arrived: the newest version counts'
)
ENGINE = ReplacingMergeTree(updated_at)
PARTITION BY toYYYYMM(date)
ORDER BY (klaviyo_public_id, date, segment_id)
COMMENT 'made by aiviews seed: synthetic segment statistics, a row is a version of a segment on a day'
