-- One row is one of the eight largest segments on one day: its people. Segments overlap: never add them up.
WITH
    -- One row is one segment that is drawn.
    largest AS
    (
        SELECT
            trend.segment_id AS id,
            argMaxIf(trend.segment_name, trend.date, trend.segment_name != '') AS name,
            argMax(trend.total_members, trend.date) AS newest_members
        FROM segment_ai_trends AS trend FINAL
        WHERE trend.klaviyo_public_id IN (${account:sqlstring}) AND $__dateFilter(trend.date)
        GROUP BY trend.segment_id
        ORDER BY newest_members DESC
        LIMIT 8
    )
SELECT
    toDateTime(trend.date, 'UTC') AS time,
    largest.name AS segment,
    max(trend.total_members) AS members
FROM segment_ai_trends AS trend FINAL
ALL INNER JOIN largest ON largest.id = trend.segment_id
WHERE trend.klaviyo_public_id IN (${account:sqlstring}) AND $__dateFilter(trend.date)
GROUP BY
    time,
    trend.segment_id,
    segment
ORDER BY
    time,
    segment
