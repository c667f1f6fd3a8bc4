-- Fills the synthetic form source for a range of accounts. One row: a version of one sign-up form on one day.
INSERT INTO form_statistics
(
    klaviyo_public_id, date, form_id, form_name, store_public_ids, viewed_form, viewed_form_uniques,
    submits, submits_unique, viewed_form_step, viewed_form_step_uniques, submitted_form_step,
    submitted_form_step_uniques, closed_form, closed_form_uniques, qualified_form, qualified_form_uniques,
    submit_rate, conversion_value, last_updated, updated_at
)
WITH
--# include fragments/seed_accounts.sql,
    [
        'Welcome Pop-up', 'Footer Sign-up', 'Exit Intent: "Wait, 10 % Off"', 'Back in Stock Form',
        'Quiz – Find Your Fit', 'Mobile Teaser', 'Checkout Opt-in', 'SMS Sign-up', 'Gewinnspiel für Frühaufsteher',
        'Blog Sidebar', 'Spin the Wheel', 'Members'' Preview'
    ] AS form_names,
    -- One row is one form of one account, with its usual daily views and submit rate. The showcase has two.
    forms AS
    (
        SELECT
            seed_account.account AS account,
            form,
            cityHash64(seed_account.account_hash, 'form', form) AS form_hash,
            form_names[1 + form % 12] AS form_name,
            arrayStringConcat(arrayMap(
                place -> substring('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789',
                    1 + intDiv(form_hash, place) % 62, 1),
                [916132832, 14776336, 238328, 3844, 62, 1])) AS form_id,
            seed_account.audience * 0.012 * (0.5 + (form_hash % 1009) / 1009) / (1 + 0.5 * form) AS usual_views,
            0.012 + 0.07 * (form_hash % 1013) / 1013 AS usual_submit_rate
        FROM seed_accounts AS seed_account
        ARRAY JOIN range(toUInt32(if(seed_account.account = 0, 2, least(12, greatest(1,
            round(1.2 * seed_account.size_steps + seed_account.account_hash % 3)))))) AS form
    ),
    -- One row is one form on one day in one delivered version (0 is the newest).
    form_days AS
    (
        SELECT
            account_day.klaviyo_public_id AS klaviyo_public_id,
            account_day.store_public_ids AS store_public_ids,
            account_day.date AS date,
            account_day.days_ago AS days_ago,
            account_day.order_value AS order_value,
            form.form_id AS form_id,
            form.form_name AS form_name,
            version,
            cityHash64(form.form_hash, account_day.days_ago) AS row_hash,
            -- The last day is not over, and its older version saw less of it.
            toUInt32(floor(form.usual_views * account_day.volume * (0.85 + 0.3 * bitAnd(row_hash, 65535) / 65536)
                * if(account_day.days_ago = 0, 0.42 / (1 + version), 1) + (row_hash % 1009) / 1009)) AS viewed_form,
            -- Forms drift over 60 days. In the showcase the first one was a third lower then, the second higher.
            form.usual_submit_rate * (0.9 + 0.2 * bitAnd(bitShiftRight(row_hash, 16), 65535) / 65536)
                * (1 + 0.33 * least(60, account_day.days_ago) / 60
                    * if(account_day.account = 0, [-1, 1][1 + form.form], form.form_hash % 3 - 1.)) AS day_submit_rate
        FROM account_days AS account_day
        ALL INNER JOIN forms AS form ON form.account = account_day.account
        ARRAY JOIN range(toUInt32(if(account_day.days_ago < 5, 2, 1))) AS version
        WHERE account_day.days_ago < {days:UInt32}
    ),
    submissions AS
    (
        SELECT
            *,
            toUInt32(floor(form_day.viewed_form * (0.78 + 0.12 * (form_day.row_hash % 1013) / 1013))) AS viewed_uniques,
            toUInt32(least(form_day.viewed_form, floor(form_day.viewed_form * form_day.day_submit_rate
                + (form_day.row_hash % 1019) / 1019))) AS submits,
            toUInt32(least(submits, viewed_uniques)) AS submits_unique,
            -- A form of two steps: everyone sees the first one, those who answer it the second.
            toUInt32(form_day.viewed_form + floor(submits * 1.3)) AS step_views,
            toUInt32(submits + floor(submits * 1.1)) AS step_submits,
            toUInt32(floor((form_day.viewed_form - submits) * 0.55)) AS closed_form,
            toUInt32(floor(form_day.viewed_form * 1.25)) AS qualified_form
        FROM form_days AS form_day
    )
SELECT
    submission.klaviyo_public_id, submission.date, submission.form_id, submission.form_name,
    submission.store_public_ids, submission.viewed_form, submission.viewed_uniques, submission.submits,
    submission.submits_unique, submission.step_views,
    toUInt32(floor(submission.step_views * 0.9)) AS step_view_uniques,
    submission.step_submits,
    toUInt32(floor(submission.step_submits * 0.97)) AS step_submit_uniques,
    submission.closed_form,
    toUInt32(floor(submission.closed_form * 0.92)) AS closed_uniques,
    submission.qualified_form,
    toUInt32(floor(submission.qualified_form * 0.88)) AS qualified_uniques,
    submission.submits / submission.viewed_form AS submit_rate,
    -- One new subscriber in twelve buys soon, and an older version had seen less of it.
    round(intDiv(submission.submits + submission.row_hash % 12, 12) * submission.order_value
        * (0.8 + 0.4 * (submission.row_hash % 1021) / 1021) * (1 - 0.2 * submission.version), 2) AS conversion_value,
    toDateTime64({last_day:Date} - greatest(submission.days_ago, 5) + 5, 3, 'UTC')
        - toIntervalHour(6 * submission.version) - toIntervalMinute(16)
        + toIntervalMillisecond(submission.row_hash % 900000) AS last_updated,
    last_updated + toIntervalSecond(40) AS updated_at
FROM submissions AS submission
WHERE submission.viewed_form > 0
-- Or the older versions of a block would be dropped while it is inserted.
SETTINGS optimize_on_insert = 0
