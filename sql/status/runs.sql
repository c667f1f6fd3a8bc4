-- One row is one run of the last weeks, newest first.
SELECT
    l.run_id AS run_id,
    toString(min(l.started_at)) AS started_at,
    toString(max(l.as_of)) AS as_of,
    toString(max(l.window_start)) AS window_start,
    uniqExactIf(l.klaviyo_public_id, l.state IN ('published', 'dropped')) AS accounts_published,
    uniqExactIf(l.klaviyo_public_id, l.state = 'held_back') AS accounts_held_back,
    uniqExactIf(l.klaviyo_public_id, l.state = 'failed') AS accounts_failed,
    uniqExactIf(l.klaviyo_public_id, l.state = 'publishing') AS accounts_left_publishing,
    sumIf(l.rows_written, l.state = 'published') AS rows_written,
    toUInt64(greatest(0, dateDiff('second', min(l.started_at), max(l.updated_at)))) AS seconds
FROM ai_refresh_log AS l FINAL
WHERE l.state NOT IN ('forgotten', 'ignored')
GROUP BY l.run_id
ORDER BY min(l.started_at) DESC, run_id DESC
LIMIT 5
