-- One row is one flow on one channel in one store, over a number of complete days.
-- question: How does one flow do across all my stores
-- parameter: flow String: the flow's name or a part of it, or its Klaviyo id
-- parameter: days UInt16 1..3650 = 30: complete days to look back
-- parameter: limit UInt16 1..1000 = 10: rows per account, those with the most revenue
-- decimals: open_rate_pct 1, click_rate_pct 2, revenue 2, revenue_per_1000 2
-- money: revenue, revenue_per_1000
-- empty: No flow has this name or id: `aiviews query flows_by_revenue --days 3650` lists flows.
-- answer: Name one account per store. Each store's money is in its own currency: never add it up or rank it across
--   stores, compare rates instead. Rates are percent of the messages delivered. Revenue of the newest 7 days still
--   grows.
WITH
--# include fragments/complete_days.sql
SELECT
--# include fragments/flow_sums.sql
FROM flow_ai_summary AS flow FINAL
ALL INNER JOIN complete_days ON complete_days.account = flow.klaviyo_public_id
WHERE
    flow.klaviyo_public_id IN {accounts:Array(String)}
    AND flow.date > complete_days.last_day - {days:UInt16}
    AND flow.date <= complete_days.last_day
    -- By any name that it ever had: a renamed flow is one flow, and all its days count.
    AND (flow.klaviyo_public_id, flow.flow_id) IN (
        SELECT named.klaviyo_public_id, named.flow_id
        FROM flow_ai_summary AS named FINAL
        WHERE
            named.klaviyo_public_id IN {accounts:Array(String)}
            AND (named.flow_id = {flow:String} OR positionCaseInsensitiveUTF8(named.flow_name, {flow:String}) > 0)
    )
GROUP BY
    flow.klaviyo_public_id,
    flow.flow_id,
    flow.send_channel
ORDER BY
    account,
    revenue DESC,
    flow.flow_id,
    channel
LIMIT {limit:UInt16} BY account
