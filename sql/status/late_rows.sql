-- One row is one account with source rows that came or changed after the last run that has read their day, of days
-- before its newest run's window: the tables do not have them, and the next run with the same number of days will not
-- read them either. A day that no run of the log has read counts from the oldest run on.
WITH
    -- One row is one account and source in one run that read the source for every table that is made of it: the days
    -- that it read, and the moment up to which it has what there was to read (by the source's own stamps, where the
    -- run noted them: a row may reach the source some time after its stamp).
    readings AS
    (
        SELECT
            run.klaviyo_public_id AS account,
            source.1 AS source_name,
            run.run_id AS run_id,
            max(run.started_at) AS started_at,
            max(run.window_start) AS first_day,
            max(run.as_of) AS last_day,
            min(least(toDateTime64(run.started_at, 3),
                if(run.newest_source_update > toDateTime64(0, 3), run.newest_source_update,
                    toDateTime64(run.started_at, 3)))) AS seen_until
        FROM ai_refresh_log AS run
        ARRAY JOIN arrayFilter(made -> has(made.2, run.table_name), [
            ('campaign', ['campaign_ai_summary', 'channel_performance_daily', 'campaign_weekly_rollup']),
            ('flow', ['flow_ai_summary', 'channel_performance_daily', 'flow_weekly_rollup']),
            ('form', ['form_ai_performance']),
            ('segment', ['segment_ai_trends'])
        ]) AS source
        WHERE run.state IN ('published', 'dropped')
        GROUP BY
            run.klaviyo_public_id,
            source.1,
            run.run_id
        HAVING uniqExact(run.table_name) = length(any(source.2))
    ),
    -- One row is one account and source: where its newest window began, and what the oldest run of the log has.
    accounts AS
    (
        SELECT
            reading.account AS account,
            reading.source_name AS source_name,
            argMaxIf(
                reading.first_day,
                reading.started_at,
                reading.last_day >= toDate(reading.started_at, serverTimezone())) AS newest_start,
            toDateTime64(min(reading.started_at), 3) AS oldest_seen
        FROM readings AS reading
        WHERE reading.account NOT IN
        (
            SELECT entry.klaviyo_public_id
            FROM ai_refresh_log AS entry
            GROUP BY entry.klaviyo_public_id
            HAVING argMax(entry.state, (entry.started_at, entry.updated_at)) IN ('forgotten', 'ignored')
        )
        GROUP BY
            reading.account,
            reading.source_name
    ),
    -- One row is one day before that window which some run has read, and up to which moment it has what came.
    days AS
    (
        SELECT
            reading.account AS account,
            reading.source_name AS source_name,
            arrayJoin(arrayMap(
                number -> reading.first_day + number,
                range(toUInt32(greatest(0, least(reading.last_day + 1, own.newest_start) - reading.first_day)))))
                AS day,
            max(reading.seen_until) AS seen_until
        FROM readings AS reading
        ALL INNER JOIN accounts AS own ON own.account = reading.account AND own.source_name = reading.source_name
        GROUP BY
            reading.account,
            reading.source_name,
            day
    ),
    -- One row is one source row of such a time.
    source_rows AS
    (
        SELECT 'campaign' AS source_name, klaviyo_public_id AS account, date, last_updated
        FROM campaign_statistics_latest
        UNION ALL
        SELECT 'flow' AS source_name, klaviyo_public_id AS account, date, last_updated
        FROM flow_statistics_latest
        UNION ALL
        SELECT 'form' AS source_name, klaviyo_public_id AS account, date, last_updated
        FROM form_statistics_latest
        UNION ALL
        SELECT 'segment' AS source_name, klaviyo_public_id AS account, date, last_updated
        FROM segment_statistics_latest
    )
SELECT
    one_row.account AS klaviyo_public_id,
    count() AS late_rows,
    toString(min(one_row.date)) AS earliest_date
FROM source_rows AS one_row
ALL INNER JOIN accounts AS own ON own.account = one_row.account AND own.source_name = one_row.source_name
ALL LEFT JOIN days AS read
    ON read.account = one_row.account AND read.source_name = one_row.source_name AND read.day = one_row.date
WHERE one_row.date < own.newest_start
    AND one_row.last_updated > greatest(own.oldest_seen, read.seen_until)
GROUP BY one_row.account
ORDER BY klaviyo_public_id
