-- Fills the synthetic segment source for a range of accounts. One row: a version of one segment on one day.
INSERT INTO segment_statistics
(
    klaviyo_public_id, date, segment_id, segment_name, store_public_ids, tag_ids, tag_names, total_members,
    members_count, new_members, removed_members, daily_change, conversion_value, last_updated, updated_at
)
WITH
--# include fragments/seed_accounts.sql,
    -- Name and usual share of the audience.
    [
        ('Engaged 30 Days', 0.22), ('Unengaged 180 Days', 0.31), ('VIP Customers', 0.04), ('Repeat Buyers', 0.14),
        ('Engaged 90 Days', 0.38), ('Never Purchased', 0.45), ('Churn Risk', 0.12), ('Newsletter Subscribers', 0.7),
        ('SMS Consent', 0.25), ('High Average Order', 0.08), ('Birthday This Month', 0.05), ('Cart Abandoners', 0.03),
        ('Clicked "Sale" Links', 0.09), ('Kunden in Österreich', 0.06), ('Clients à Paris', 0.05), ('日本のお客様', 0.03),
        ('One-Time Buyers', 0.2), ('Discount Hunters', 0.11), ('Full-Price Buyers', 0.07), ('Gift Shoppers', 0.06)
    ] AS segment_templates,
    -- One row is one segment of one account: size, course and restlessness.
    segments AS
    (
        SELECT
            seed_account.account AS account,
            seed_account.account_hash AS account_hash,
            seed_account.klaviyo_public_id AS klaviyo_public_id,
            seed_account.store_public_ids AS store_public_ids,
            seed_account.order_value AS order_value,
            seed_account.born_days_ago AS born_days_ago,
            seed_account.stopped_days_ago AS stopped_days_ago,
            cityHash64(seed_account.account_hash, 'segment', segment) AS segment_hash,
            segment_templates[1 + segment % 20] AS template,
            concat(template.1, ['', ' (EU)', ' (Overseas)'][1 + intDiv(segment, 20)]) AS segment_name,
            arrayStringConcat(arrayMap(
                place -> substring('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789',
                    1 + intDiv(segment_hash, place) % 62, 1),
                [916132832, 14776336, 238328, 3844, 62, 1])) AS segment_id,
            seed_account.audience * template.2 * (0.6 + 0.8 * (segment_hash % 1009) / 1009)
                / (1 + intDiv(segment, 20)) AS members_today,
            -- How much larger, or smaller, the segment was long ago. The list decides how common each label is.
            if(seed_account.account = 0,
                [-0.62, 0.78, -0.14, 0.12, -0.05, 0, 0.15, -0.06, -0.2, 0, 0, 0.1][1 + segment],
                [-0.6, -0.2, -0.15, -0.1, -0.08, 0, 0, 0, 0, 0.02, 0.07, 0.1, 0.15, 0.2, 0.75]
                    [1 + bitShiftRight(segment_hash, 8) % 15]) AS course,
            [0.001, 0.002, 0.004, 0.012][1 + bitShiftRight(segment_hash, 16) % 4] AS restlessness
        FROM seed_accounts AS seed_account
        ARRAY JOIN range(toUInt32(
            if(seed_account.account = 0, 12, least(60, greatest(6, round(7 + 5.4 * seed_account.size_steps))))))
            AS segment
    ),
    -- One row is one segment with its members on each day, from last_day backwards to the day before the window: a
    -- smooth course, a slow wobble between hashed points seven days apart, and a daily jitter. Zero before the birth.
    courses AS
    (
        SELECT
            *,
            arrayMap(
                day -> if(day > segment.born_days_ago, 0, toInt64(greatest(1, round(
                    segment.members_today * (1 + segment.course * day / (day + 60)
                        + segment.restlessness * (
                            (cityHash64(segment.segment_hash, intDiv(day, 7)) % 1009) / 1009 * (7 - day % 7)
                            + (cityHash64(segment.segment_hash, intDiv(day, 7) + 1) % 1009) / 1009 * (day % 7)) / 7
                        + 0.0008 * (cityHash64(segment.segment_hash, 'jitter', day) % 1013) / 1013))))),
                range({days:UInt32} + 1)) AS members_by_day
        FROM segments AS segment
    ),
    -- One row is one segment on one day in one delivered version (0 is the newest).
    snapshots AS
    (
        SELECT
            course.klaviyo_public_id AS klaviyo_public_id,
            course.store_public_ids AS store_public_ids,
            course.segment_id AS segment_id,
            course.segment_name AS segment_name,
            course.order_value AS order_value,
            day_number - 1 AS days_ago,
            version,
            members,
            members - course.members_by_day[day_number + 1] AS change,
            cityHash64(course.segment_hash, 'row', days_ago) AS row_hash,
            -- Joining and leaving within a day cancel out in the change.
            if(change = members, 0, toInt64(floor(members * 0.006 * (row_hash % 1009) / 1009))) AS passing
        FROM courses AS course
        ARRAY JOIN course.members_by_day AS members, arrayEnumerate(course.members_by_day) AS day_number
        ARRAY JOIN range(toUInt32(if(day_number <= 5, 2, 1))) AS version
        WHERE members > 0 AND day_number <= {days:UInt32} AND day_number > course.stopped_days_ago
    )
SELECT
    snapshot.klaviyo_public_id,
    {last_day:Date} - snapshot.days_ago AS snapshot_date,
    snapshot.segment_id, snapshot.segment_name, snapshot.store_public_ids,
    ['tag-segment'] AS tag_ids, ['segment'] AS tag_names,
    toUInt32(snapshot.members) AS total_members,
    toUInt32(snapshot.members) AS members_count,
    toUInt32(greatest(snapshot.change, 0) + snapshot.passing) AS new_members,
    toUInt32(greatest(-snapshot.change, 0) + snapshot.passing) AS removed_members,
    toInt32(snapshot.change) AS daily_change,
    -- About one member in 600 orders on a day. The last day is not over, and an older version had seen less.
    round(intDiv(snapshot.members + snapshot.row_hash % 600, 600) * snapshot.order_value
        * (0.8 + 0.4 * (snapshot.row_hash % 1013) / 1013)
        * if(snapshot.days_ago = 0, 0.42, 1) * (1 - 0.1 * snapshot.version), 2) AS conversion_value,
    toDateTime64({last_day:Date} - greatest(snapshot.days_ago, 5) + 5, 3, 'UTC')
        - toIntervalHour(6 * snapshot.version) - toIntervalMinute(16)
        + toIntervalMillisecond(snapshot.row_hash % 900000) AS last_updated,
    last_updated + toIntervalSecond(40) AS updated_at
FROM snapshots AS snapshot
-- Or the older versions of a block would be dropped while it is inserted.
SETTINGS optimize_on_insert = 0
