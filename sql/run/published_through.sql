-- One row is one table of one asked account (no account: of every one): the last day through which runs have read
-- it whole and without a gap. A run reads the dates of its window, and a day is over only on the day after: so what it
-- adds is that up to its as_of or the day before it started, and only where its window goes on from what earlier runs
-- have read (or is as long as any answer looks back). A run for a past date, or of other tables, adds nothing newer.
-- 1970-01-02: none.
WITH
    -- One row is one table of one account in one run, beside the moment when the account left, if it did: what was
    -- read before that counts no more.
    entries AS
    (
        SELECT
            entry.klaviyo_public_id AS account,
            entry.table_name AS table_name,
            entry.state AS state,
            entry.started_at AS started_at,
            entry.window_start AS window_start,
            entry.as_of AS as_of,
            least(entry.as_of, toDate(entry.started_at, serverTimezone()) - 1) AS last_complete,
            entry.newest_source_date AS newest_source_date,
            entry.sources_end AS sources_end,
            (entry.started_at, entry.updated_at) AS written_at,
            maxIf((entry.started_at, entry.updated_at), entry.state IN ('forgotten', 'ignored'))
                OVER (PARTITION BY entry.klaviyo_public_id) AS left_at
        FROM ai_refresh_log AS entry
        WHERE (empty({accounts:Array(String)}) OR entry.klaviyo_public_id IN {accounts:Array(String)})
            AND entry.state IN ('published', 'dropped', 'forgotten', 'ignored')
    ),
    -- One row is one table of one account: its runs in their order, each with the dates that it read whole.
    readings AS
    (
        SELECT
            run.account AS account,
            run.table_name AS table_name,
            arraySort(groupUniqArray((
                run.started_at,
                run.window_start,
                run.last_complete,
                run.as_of - run.window_start >= 89
            ))) AS runs,
            -- What the newest run saw that looked at all accounts: where the sources ended, and where they should.
            argMaxIf((run.sources_end, run.last_complete), run.started_at, run.sources_end > toDate(0)) AS look,
            max(run.newest_source_date) AS newest_source_date
        FROM entries AS run
        WHERE run.state IN ('published', 'dropped') AND run.written_at > run.left_at
        GROUP BY run.account, run.table_name
    )
SELECT
    reading.account AS account,
    reading.table_name AS table_name,
    arrayFold((through, run) -> if(
            run.2 <= run.3 AND run.3 >= through.1
                AND (run.4 OR through.1 = toDate('1970-01-02') OR run.2 <= through.1 + 1),
            (run.3, toUInt32(run.1)), through),
        reading.runs, (toDate('1970-01-02'), toUInt32(0))) AS newest_reading,
    newest_reading.1 AS published_through,
    newest_reading.2 AS published_at,
    -- All sources had stopped, unless this account's have gone on since. 1970-01-01: they had not.
    if(reading.look.1 < reading.look.2 AND greatest(reading.look.1, reading.newest_source_date) < published_through,
        greatest(reading.look.1, reading.newest_source_date), toDate(0)) AS sources_stopped
FROM readings AS reading
ORDER BY account, table_name
