    -- One row is one asked account: how far its numbers reach. No window of a question ends after `last_day`, and no
    -- change is computed over the days after it: they are missing, not zero.
    --   first_day          its first day of all
    --   published_through  the last day that runs have read whole and without a gap, by the run log. Where the log
    --                      does not say, the day before the newest row was refreshed (a refresh of older dates alone
    --                      makes nothing newer complete)
    --   sources_end        the newest day of sources that stopped: all of them, by the run log, or this account's,
    --                      which had rows on at least 20 of the 28 dates before. Else NULL
    --   last_day           complete through: the earlier of the two
    complete_days AS
    (
        SELECT
            reached.account AS account,
            reached.first_day AS first_day,
            reached.published_through AS published_through,
            if(reached.newest_day < reached.published_through
                AND arrayCount(day -> day BETWEEN reached.newest_day - 28 AND reached.newest_day - 1,
                    reached.days) >= 20,
                reached.newest_day,
                nullIf({sources_stopped:Array(Date)}[indexOf({accounts:Array(String)}, reached.account)],
                    toDate('1970-01-01'))) AS sources_end,
            least(reached.published_through, ifNull(sources_end, reached.published_through)) AS last_day
        FROM
        (
            SELECT
                refreshed.klaviyo_public_id AS account,
                min(refreshed.date) AS first_day,
                groupUniqArray(refreshed.date) AS days,
                -- The program fills in what the run log says: a date per asked account, 1970-01-01 where it is silent.
                {published_through:Array(Date)}[indexOf({accounts:Array(String)}, account)] AS logged_through,
                if(logged_through > toDate('1970-01-01'), logged_through,
                    least(
                        toDate(now(serverTimezone())),
                        toDate(max((refreshed.date, refreshed.updated_at)).2, serverTimezone())) - 1)
                    AS published_through,
                max(refreshed.date) AS newest_day
            FROM channel_performance_daily AS refreshed
            WHERE refreshed.klaviyo_public_id IN {accounts:Array(String)}
            GROUP BY refreshed.klaviyo_public_id
        ) AS reached
    )
