    -- Orders are credited for days: the share that is in at an age of 0, 1, .. 7 days, usually and in the slow account.
    [0.8, 0.87, 0.93, 0.97, 0.99, 1, 1, 1] AS usual_attribution,
    [0.3, 0.45, 0.6, 0.72, 0.82, 0.9, 0.96, 1] AS slow_attribution,
    -- One row is one account with a story: its id and its size.
    stories AS
    (
        SELECT
            story.1 AS klaviyo_public_id,
            story.2 AS size
        FROM (SELECT arrayJoin([
            ('StBrk1', 1.0), ('StHol1', 0.8), ('StDea1', 1.2), ('StTrk1', 0.9), ('StSal1', 1.1), ('StYng1', 1.0)
        ]) AS story)
    ),
    -- One row is one account on one day, in one version (0 is the newest, each older one a day younger), as it was
    -- known on last_day. What a day is in the end depends on the account, the date and how long before today it was:
    -- another last_day shows the same days, as far as they were known then.
    story_days AS
    (
        SELECT
            story.klaviyo_public_id AS klaviyo_public_id,
            {last_day:Date} - day.number AS date,
            toInt32({today:Date} - date) AS days_ago,
            version,
            least(7, day.number - version) AS age,
            cityHash64({seed:UInt64}, story.klaviyo_public_id, toUInt16(date)) AS day_hash,
            story.size
                * [1, 1.1, 1.05, 1, 1.15, 0.8, 0.75][toDayOfWeek(date)]
                * (0.88 + 0.24 * (day_hash % 1009) / 1009)
                -- Two months ago the account lost half of what it did, for good.
                * if(story.klaviyo_public_id = 'StBrk1' AND days_ago < 60, 0.5, 1)
                -- A week of holidays, the same a year before.
                * if(story.klaviyo_public_id = 'StHol1'
                    AND (days_ago BETWEEN 24 AND 30 OR days_ago BETWEEN 388 AND 394), 0.25, 1)
                AS volume,
            if(story.klaviyo_public_id = 'StYng1', slow_attribution, usual_attribution)[1 + age] AS attributed,
            story.klaviyo_public_id = 'StTrk1' AND days_ago <= 4 AS is_tracking_broken,
            story.klaviyo_public_id = 'StDea1' AND days_ago <= 5 AS is_flow_dead,
            story.klaviyo_public_id = 'StSal1' AND (days_ago BETWEEN 8 AND 10 OR days_ago BETWEEN 372 AND 374)
                AS is_sale,
            toDateTime64(date + age, 3, 'UTC') - toIntervalMinute(16) + toIntervalMillisecond(day_hash % 900000)
                AS last_updated
        FROM stories AS story
        CROSS JOIN numbers({days:UInt32}) AS day
        ARRAY JOIN range(toUInt32(if(day.number < 7, 1 + day.number, 1))) AS version
    )
