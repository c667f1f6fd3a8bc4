-- One row is one period to come of one account: where its revenue will land, in the account's own currency.
SELECT
    outlook.klaviyo_public_id AS account,
    outlook.period AS period,
    outlook.from_day AS from_day,
    outlook.to_day AS to_day,
    outlook.already_in AS already_in,
    outlook.expected AS expected,
    outlook.lower_80 AS lower_80,
    outlook.upper_80 AS upper_80,
    outlook.reason AS reason
FROM ai_revenue_outlook AS outlook
WHERE outlook.klaviyo_public_id IN (${account:sqlstring}) AND outlook.send_channel = 'all'
ORDER BY
    account,
    from_day,
    to_day
