-- One row is one campaign, or one flow with all its messages, on a day and channel where its rate was unusual.
-- question: What was unusual in the last 30 days
-- parameter: days UInt16 1..3650 = 30: complete days to look back
-- parameter: limit UInt16 1..1000 = 10: rows per account, the newest
-- decimals: rate_pct 2, usual_pct 2
-- least: kind
-- answer: Newest first. The rate is the open rate, or the click rate where the channel does not track opens. rate_pct
--   is that of the day, usual_pct that of the 28 days before it, of the same flow or of the channel's campaigns, both
--   percent of the messages delivered, usual_pct is empty where these 28 days are not all there.
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
    )
SELECT
    unusual.account AS account,
    unusual.day AS date,
    unusual.kind AS kind,
    unusual.name AS name,
    unusual.channel AS channel,
    if(unusual.tracks_opens, 'open rate', 'click rate') AS rate,
    100 * unusual.rate AS rate_pct,
    if(unusual.has_usual AND unusual.usual_reached > 0, 100 * unusual.usual_reactions / unusual.usual_reached, NULL)
        AS usual_pct,
    count() OVER (PARTITION BY account) AS of_rows
FROM unusual_sends AS unusual
ORDER BY
    account,
    date DESC,
    kind,
    unusual.id,
    channel
LIMIT {limit:UInt16} BY account
