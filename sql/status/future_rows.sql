-- One row: source rows dated after the server's today, which no refresh reads.
SELECT sum(f.row_count) AS future_rows
FROM
(
    SELECT count() AS row_count FROM campaign_statistics_latest WHERE date > today()
    UNION ALL
    SELECT count() AS row_count FROM flow_statistics_latest WHERE date > today()
    UNION ALL
    SELECT count() AS row_count FROM form_statistics_latest WHERE date > today()
    UNION ALL
    SELECT count() AS row_count FROM segment_statistics_latest WHERE date > today()
) AS f
