-- One row is one event, or one campaign or flow with all its messages on a day and channel where its rate was unusual.
-- question: What was unusual in the last 30 days
-- parameter: days UInt16 1..3650 = 30: complete days to look back
-- parameter: limit UInt16 1..1000 = 10: rows per account, open events first, then the newest
-- decimals: rate_pct 2, usual_pct 2, money_at_stake 2
-- money: money_at_stake
-- least: reason, kind, money_at_stake, closed_on, usual_pct
-- answer: Open events first, the severest of them before the others, then the newest. An event is some days on which
--   something of the whole account (channel all) or of a channel was not as usual: words tell it in a sentence, reason
--   why where that is known, severity how bad it is (low, medium, high, critical), money_at_stake the revenue that its
--   days are about, and closed_on when it was over: empty while it is open. Only a flow that stopped has a name. Of a
--   campaign or a flow that was unusual the rate is the open rate, or the click rate where the channel does not track
--   opens. rate_pct is that of the day, usual_pct that of the 28 days before it, of the same flow or of the channel's
--   campaigns, both percent of the messages delivered, usual_pct is empty where these 28 days are not all there.
WITH
--# include fragments/complete_days.sql,
    -- The rows of both summary tables, reduced to what they have in common. A campaign is compared with its channel's.
    daily_rows AS
    (
        SELECT
            campaign.klaviyo_public_id AS account,
            campaign.date AS day,
            'campaign' AS kind,
            campaign.campaign_id AS id,
            '' AS compared_id,
            campaign.campaign_name AS name,
            campaign.send_channel AS channel,
            campaign.delivered AS reached,
            campaign.opens_unique AS openers,
            campaign.clicks_unique AS clickers,
            campaign.account_avg_open_rate >= toFloat32(0.01) AS tracks_opens,
            campaign.is_anomaly AS is_unusual
        FROM campaign_ai_summary AS campaign FINAL
        WHERE campaign.klaviyo_public_id IN {accounts:Array(String)}
        UNION ALL
        SELECT
            flow.klaviyo_public_id AS account,
            flow.date AS day,
            'flow' AS kind,
            flow.flow_id AS id,
            flow.flow_id AS compared_id,
            flow.flow_name AS name,
            flow.send_channel AS channel,
            flow.delivered AS reached,
            flow.opens_unique AS openers,
            flow.clicks_unique AS clickers,
            flow.account_avg_open_rate >= toFloat32(0.01) AS tracks_opens,
            flow.is_anomaly AS is_unusual
        FROM flow_ai_summary AS flow FINAL
        WHERE flow.klaviyo_public_id IN {accounts:Array(String)}
    ),
    -- One row is one campaign, or one flow with all its messages, on a day and channel.
    sends AS
    (
        SELECT
            daily.account AS account,
            daily.day AS day,
            daily.kind AS kind,
            daily.id AS id,
            daily.compared_id AS compared_id,
            daily.channel AS channel,
            max(daily.name) AS name,
            sum(daily.reached) AS reached,
            sum(daily.reached) >= 50 AS is_enough,
            sum(daily.openers) AS openers,
            sum(daily.clickers) AS clickers,
            max(daily.tracks_opens) AS tracks_opens,
            max(daily.is_unusual) AS is_unusual
        FROM daily_rows AS daily
        GROUP BY
            daily.account,
            daily.day,
            daily.kind,
            daily.id,
            daily.compared_id,
            daily.channel
    ),
    -- One row is one unusual send with the sums of the sends that it stands out from.
    unusual_sends AS
    (
        SELECT
            unusual.account AS account,
            unusual.day AS day,
            unusual.kind AS kind,
            unusual.id AS id,
            unusual.channel AS channel,
            any(unusual.name) AS name,
            any(days.first_day <= unusual.day - 28) AS has_usual,
            any(unusual.tracks_opens) AS tracks_opens,
            any(if(unusual.tracks_opens, unusual.openers, unusual.clickers) / unusual.reached) AS rate,
            -- The days before are told here: older servers join by equality alone.
            sumIf(if(unusual.tracks_opens, earlier.openers, earlier.clickers), earlier.is_enough
                AND earlier.day >= unusual.day - 28 AND earlier.day < unusual.day) AS usual_reactions,
            sumIf(earlier.reached, earlier.is_enough
                AND earlier.day >= unusual.day - 28 AND earlier.day < unusual.day) AS usual_reached
        FROM sends AS unusual
        ALL INNER JOIN complete_days AS days ON days.account = unusual.account
        ALL LEFT JOIN sends AS earlier
            ON earlier.account = unusual.account
            AND earlier.kind = unusual.kind
            AND earlier.compared_id = unusual.compared_id
            AND earlier.channel = unusual.channel
        WHERE
            unusual.is_unusual = 1
            AND unusual.reached > 0
            AND unusual.day > days.last_day - {days:UInt16}
            AND unusual.day <= days.last_day
        GROUP BY
            unusual.account,
            unusual.day,
            unusual.kind,
            unusual.id,
            unusual.channel
    ),
    -- One row is one event of an asked account: its own, or one of the source, which is of every account.
    events AS
    (
        SELECT
            account,
            event.opened_on AS day,
            event.last_seen_on AS last_day,
            event.closed_on AS closed_on,
            toString(event.kind) AS kind,
            event.event_id AS id,
            event.send_channel AS channel,
            toString(event.metric) AS metric,
            endsWith(metric, '_rate') AND event.klaviyo_public_id != '' AS is_rate,
            event.observed AS observed,
            event.expected AS expected,
            toString(event.severity) AS severity,
            event.money_at_stake AS money_at_stake,
            event.words AS words,
            event.reason AS reason
        FROM ai_anomaly_events AS event FINAL
        ARRAY JOIN if(event.klaviyo_public_id = '', {accounts:Array(String)}, [event.klaviyo_public_id]) AS account
        WHERE event.klaviyo_public_id IN {accounts:Array(String)} OR event.klaviyo_public_id = ''
    ),
    -- One row is one row of the answer, with what it is ordered by.
    told AS
    (
        SELECT
            event.account AS account,
            event.day AS day,
            event.kind AS kind,
            -- Its words alone know what the flow was called.
            if(event.kind = 'flow_stopped', extract(event.words, '^Flow "([^"]*)"'), '') AS name,
            event.id AS id,
            if(event.channel = '', 'all', event.channel) AS channel,
            replaceAll(event.metric, '_', ' ') AS rate,
            if(event.is_rate, 100 * event.observed, NULL) AS rate_pct,
            if(event.is_rate, 100 * event.expected, NULL) AS usual_pct,
            event.severity AS severity,
            event.closed_on AS closed_on,
            toNullable(event.money_at_stake) AS money_at_stake,
            event.words AS words,
            event.reason AS reason,
            if(isNull(event.closed_on), 1 + indexOf(['low', 'medium', 'high', 'critical'], event.severity), 0) AS place
        FROM events AS event
        ALL INNER JOIN complete_days AS days ON days.account = event.account
        WHERE event.last_day > days.last_day - {days:UInt16}
        UNION ALL
        SELECT
            unusual.account AS account,
            unusual.day AS day,
            unusual.kind AS kind,
            unusual.name AS name,
            unusual.id AS id,
            unusual.channel AS channel,
            if(unusual.tracks_opens, 'open rate', 'click rate') AS rate,
            toNullable(100 * unusual.rate) AS rate_pct,
            if(unusual.has_usual AND unusual.usual_reached > 0, 100 * unusual.usual_reactions / unusual.usual_reached,
                NULL) AS usual_pct,
            '' AS severity,
            NULL AS closed_on,
            NULL AS money_at_stake,
            '' AS words,
            '' AS reason,
            0 AS place
        FROM unusual_sends AS unusual
    )
SELECT
    told.account AS account,
    told.day AS date,
    told.kind AS kind,
    told.name AS name,
    told.channel AS channel,
    told.rate AS rate,
    told.rate_pct AS rate_pct,
    told.usual_pct AS usual_pct,
    told.severity AS severity,
    told.closed_on AS closed_on,
    told.money_at_stake AS money_at_stake,
    told.words AS words,
    told.reason AS reason,
    count() OVER (PARTITION BY account) AS of_rows
FROM told
ORDER BY
    account,
    told.place DESC,
    date DESC,
    kind,
    told.id,
    channel
LIMIT {limit:UInt16} BY account
