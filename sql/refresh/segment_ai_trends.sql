-- One row is one segment on one day: a snapshot of its size and how it grew.
WITH
    -- Every threshold of the growth label, by name, in percent of a week's change.
    5 AS fast_at,
    0.5 AS growing_at,
    -- Of several snapshots of a day the newest counts, then the larger one. The other counts settle a full tie.
    -- They are compared with the latest one in four days, so that a missing day does not end the comparison.
    compared AS
    (
        SELECT
            s.klaviyo_public_id AS klaviyo_public_id,
            s.date AS date,
            s.segment_id AS segment_id,
            argMaxIf(s.segment_name, (s.last_updated, s.segment_name), s.segment_name != '') AS segment_name,
            max((
                s.last_updated,
                s.total_members,
                s.daily_change,
                s.new_members,
                s.removed_members
            )) AS newest,
            -- Signed: members of the day before, which a correction can push below zero.
            toInt64(newest.2) - newest.3 AS members_before,
            if(members_before <= 0, 0, newest.3 / members_before * 100) AS growth_rate,
            avg(growth_rate) OVER week AS week_growth_rate,
            argMax(newest.2, s.date) OVER week_ago AS members_week_ago,
            argMax(newest.2, s.date) OVER month_ago AS members_month_ago
        FROM segment_statistics_latest AS s
        WHERE s.klaviyo_public_id IN {accounts:Array(String)}
            AND s.date BETWEEN {start:Date} - 33 AND {as_of:Date}
        GROUP BY s.klaviyo_public_id, s.date, s.segment_id
        WINDOW
            week AS (PARTITION BY klaviyo_public_id, segment_id ORDER BY date
                RANGE BETWEEN 6 PRECEDING AND CURRENT ROW),
            week_ago AS (PARTITION BY klaviyo_public_id, segment_id ORDER BY date
                RANGE BETWEEN 10 PRECEDING AND 7 PRECEDING),
            month_ago AS (PARTITION BY klaviyo_public_id, segment_id ORDER BY date
                RANGE BETWEEN 33 PRECEDING AND 30 PRECEDING)
    ),
    -- An empty segment, like a missing snapshot, is no baseline. Six decimals, so that floating point decides nothing.
    ifNotFinite((r.newest.2 / r.members_week_ago - 1) * 100, 0) AS week_change,
    ifNotFinite((r.newest.2 / r.members_month_ago - 1) * 100, 0) AS month_change,
    round(week_change, 6) AS judged_change,
    multiIf(
        r.members_week_ago = 0, 'New',
        judged_change >= fast_at, 'Growing Fast',
        judged_change >= growing_at, 'Growing',
        judged_change <= -fast_at, 'Shrinking Fast',
        judged_change <= -growing_at, 'Shrinking',
        'Stable'
    ) AS label
SELECT
    r.klaviyo_public_id AS klaviyo_public_id,
    r.date AS date,
    r.segment_id AS segment_id,
    r.segment_name AS segment_name,
    r.newest.2 AS total_members,
    r.newest.4 AS new_members,
    r.newest.5 AS removed_members,
    r.newest.3 AS daily_change,
    toFloat32(r.growth_rate) AS growth_rate_pct,
    toFloat32(r.week_growth_rate) AS ma_7day_growth_rate,
    toFloat32(week_change) AS wow_member_change_pct,
    toFloat32(month_change) AS mom_member_change_pct,
    judged_change >= growing_at AS is_growing,
    judged_change <= -growing_at AS is_shrinking,
    label AS growth_label,
    toDateTime({updated_at:UInt32}) AS updated_at,
    r.members_week_ago > 0 AS has_prior_week,
    r.members_month_ago > 0 AS has_prior_month
FROM compared AS r
WHERE r.date >= {start:Date}
