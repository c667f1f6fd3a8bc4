-- One row is one segment at its newest snapshot.
-- question: Which segments grow and which shrink
-- parameter: limit UInt16 1..1000 = 10: rows per account, those that won or lost the most people in a week
-- decimals: week_change_pct 1+, month_change_pct 1
-- answer: Who won the most people in a week first, who lost the most last. week_change_pct compares with the snapshot
--   a week before, month_change_pct with the one 30 days before, empty where there is none. Both speak of the day of
--   the snapshot. Segments overlap: never add members up.
WITH
    -- One row is one segment: its newest snapshot.
    newest_snapshots AS
    (
        SELECT
            trend.klaviyo_public_id AS account,
            trend.segment_id AS id,
            argMaxIf(trend.segment_name, trend.date, trend.segment_name != '') AS segment,
            max(trend.date) AS snapshot,
            max(max(trend.date)) OVER (PARTITION BY trend.klaviyo_public_id) AS account_snapshot,
            argMax(trend.total_members, trend.date) AS members,
            argMax(tuple(if(trend.has_prior_week = 1, trend.wow_member_change_pct, NULL)), trend.date).1 AS week_change,
            argMax(tuple(if(trend.has_prior_month = 1, trend.mom_member_change_pct, NULL)), trend.date).1
                AS month_change,
            argMax(trend.growth_label, trend.date) AS trend
        FROM segment_ai_trends AS trend FINAL
        WHERE trend.klaviyo_public_id IN {accounts:Array(String)}
        GROUP BY
            trend.klaviyo_public_id,
            trend.segment_id
    ),
    -- Those that won or lost the most people: two of twenty are no news beside a thousand of fifty thousand. How many a
    -- segment lost that is empty now cannot be told from its change, so it is taken for much. A segment without a
    -- snapshot for a week is gone.
    biggest_changes AS
    (
        SELECT
            newest_snapshots.*,
            multiIf(
                isNull(week_change), NULL,
                week_change > -100, members * toFloat64(week_change) / (100 + week_change),
                -1e9) AS week_people,
            count() OVER (PARTITION BY newest_snapshots.account) AS of_rows
        FROM newest_snapshots
        WHERE snapshot > account_snapshot - 7
        ORDER BY
            account,
            abs(week_people) DESC NULLS LAST,
            members DESC,
            id
        LIMIT {limit:UInt16} BY account
    )
SELECT
    change.account AS account,
    change.segment AS segment,
    change.members AS members,
    toFloat64(change.week_change) AS week_change_pct,
    toFloat64(change.month_change) AS month_change_pct,
    change.trend AS trend,
    change.snapshot AS snapshot,
    change.of_rows AS of_rows
FROM biggest_changes AS change
ORDER BY
    account,
    change.week_people DESC NULLS LAST,
    members DESC,
    change.id
