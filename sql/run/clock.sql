-- One row: the server's clock, in seconds and as its date.
SELECT
    toUnixTimestamp(now(serverTimezone())) AS now,
    toDate(now(serverTimezone())) AS today
