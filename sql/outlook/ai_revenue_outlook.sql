-- One row is one period to come, of one channel or the whole account, as the newest forecast sees its end
CREATE OR REPLACE VIEW ai_revenue_outlook
(
    klaviyo_public_id String
        COMMENT 'Klaviyo account (public id) that this row belongs to',
    send_channel String
        COMMENT 'Channel as Klaviyo names it, or all: the whole account. The channels add up to it',
    period String
        COMMENT 'next_7_days, next_28_days, this_month or next_month, counted from the last complete day',
    from_day Date
        COMMENT 'First day of the period',
    to_day Date
        COMMENT 'Last day of the period',
    already_in Float64
        COMMENT 'Revenue of the period that was in when the forecast was made, in the account''s own currency',
    expected Nullable(Float64)
        COMMENT 'Expected revenue of the whole period, in the account''s own currency, null without a forecast',
    lower_80 Nullable(Float64)
        COMMENT 'In 8 of 10 cases the period ends between lower_80 and upper_80, null without a forecast',
    upper_80 Nullable(Float64)
        COMMENT 'In 8 of 10 cases the period ends between lower_80 and upper_80, null without a forecast',
    lower_95 Nullable(Float64)
        COMMENT 'In 19 of 20 cases the period ends between lower_95 and upper_95, null without a forecast',
    upper_95 Nullable(Float64)
        COMMENT 'In 19 of 20 cases the period ends between lower_95 and upper_95, null without a forecast',
    event String
        COMMENT 'Event in the period which the history has not seen twice: the band is wider for it, else empty',
    reason String
        COMMENT 'Why there is no forecast, or what to know about it, else empty',
    made_on Date
        COMMENT 'Day on which the forecast was made'
)
AS
SELECT
    newest.klaviyo_public_id AS klaviyo_public_id,
    newest.send_channel AS send_channel,
    newest.period AS period,
    newest.from_day AS from_day,
    newest.to_day AS to_day,
    round(newest.already_in, 2) AS already_in,
    round(newest.expected, 2) AS expected,
    round(newest.lower_80, 2) AS lower_80,
    round(newest.upper_80, 2) AS upper_80,
    round(newest.lower_95, 2) AS lower_95,
    round(newest.upper_95, 2) AS upper_95,
    newest.event AS event,
    newest.reason AS reason,
    newest.made_on AS made_on
FROM
(
    SELECT
        landing.klaviyo_public_id AS klaviyo_public_id,
        toString(landing.send_channel) AS send_channel,
        toString(landing.period) AS period,
        landing.from_day AS from_day,
        landing.to_day AS to_day,
        landing.already_in AS already_in,
        landing.expected AS expected,
        landing.lower_80 AS lower_80,
        landing.upper_80 AS upper_80,
        landing.lower_95 AS lower_95,
        landing.upper_95 AS upper_95,
        toString(landing.event) AS event,
        landing.reason AS reason,
        landing.made_on AS made_on,
        landing.made_at AS made_at,
        -- A channel that has no forecast any more has no row of the newest run.
        max((landing.made_on, landing.made_at)) OVER (PARTITION BY landing.klaviyo_public_id) AS newest_run
    FROM ai_revenue_landing AS landing FINAL
) AS newest
WHERE (newest.made_on, newest.made_at) = newest.newest_run
COMMENT 'One row is one period to come of one channel or of all: where revenue will land. Money: account currency.'
