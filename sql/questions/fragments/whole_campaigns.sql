    -- One row is one campaign of the asked accounts on one channel, all its days together.
    whole_campaigns AS
    (
        SELECT
--# include fragments/campaign_sums.sql
        FROM campaign_ai_summary AS campaign FINAL
        ALL INNER JOIN complete_days AS days ON days.account = campaign.klaviyo_public_id
        WHERE
            campaign.klaviyo_public_id IN {accounts:Array(String)}
            AND campaign.date <= days.last_day
        GROUP BY campaign.klaviyo_public_id, campaign.campaign_id, campaign.send_channel
        HAVING sent > 0
        WINDOW whole_channel AS (PARTITION BY campaign.klaviyo_public_id, campaign.send_channel)
    )
