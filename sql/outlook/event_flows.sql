-- One row is one flow of one account on one channel that was silent for a while though it had sent nearly every day.
WITH
    -- One row is one day on which a flow sent something.
    flow_days AS
    (
        SELECT
            flow.klaviyo_public_id AS account,
            flow.send_channel AS channel,
            flow.flow_id AS id,
            toUInt32(flow.date - {first_day:Date}) AS day,
            max((flow.updated_at, flow.flow_name)).2 AS name,
            sum(toFloat64(flow.delivered)) AS messages,
            sum(ifNotFinite(flow.conversion_value, 0)) AS revenue
        FROM flow_ai_summary AS flow
        WHERE flow.klaviyo_public_id IN {accounts:Array(String)}
            AND flow.date BETWEEN {first_day:Date} AND {last_complete:Date}
        GROUP BY flow.klaviyo_public_id, flow.send_channel, flow.flow_id, flow.date
        HAVING sum(flow.recipients) > 0
    )
SELECT
    flow_day.account AS account,
    flow_day.channel AS channel,
    flow_day.id AS flow,
    argMax(flow_day.name, flow_day.day) AS flow_name,
    arraySort(groupArray((flow_day.day, flow_day.messages, flow_day.revenue))) AS sent,
    -- From each day on which it sent to the next, and from the last to the day after the last complete one.
    arrayDifference(arrayPushBack(arraySort(groupArray(toInt64(flow_day.day))),
        toInt64({last_complete:Date} - {first_day:Date} + 1))) AS steps
FROM flow_days AS flow_day
GROUP BY flow_day.account, flow_day.channel, flow_day.id
HAVING length(sent) >= {regular_days:UInt32} AND arrayMax(steps) > {silent_days:UInt32}
ORDER BY account, channel, flow
