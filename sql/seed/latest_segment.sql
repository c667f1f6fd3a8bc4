-- View of the synthetic segment source. One row: one segment of one account at the end of one day.
CREATE VIEW IF NOT EXISTS segment_statistics_latest AS
SELECT
    source.klaviyo_public_id,
    source.date,
    source.segment_id,
    source.segment_name,
    source.store_public_ids,
    source.tag_ids,
    source.tag_names,
    source.total_members,
    source.members_count,
    source.new_members,
    source.removed_members,
    source.daily_change,
    source.conversion_value,
    source.last_updated
FROM segment_statistics AS source FINAL
COMMENT 'made by aiviews seed: the newest version of each row of segment_statistics'
