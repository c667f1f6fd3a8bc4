-- A run's private copy of the campaign source, as far back as any table of the batch looks: one row is one campaign
-- message on one day. All tables are computed from the same copy, so that what arrives meanwhile cannot part them.
CREATE TABLE {snapshot:Identifier}
ENGINE = <<engine>>
AS
WITH
    -- Rule of names: the newest that is not empty, then the greatest. A fixed-width stamp before the name makes
    -- that a plain max() of text, several times cheaper than argMax() over tuples.
    leftPad(toString(toUnixTimestamp64Milli(s.last_updated)), 14, '0') AS name_stamp
SELECT
    s.klaviyo_public_id AS klaviyo_public_id,
    s.date AS date,
    s.campaign_id AS campaign_id,
    s.campaign_message_id AS campaign_message_id,
    s.send_channel AS send_channel,
    if(s.campaign_name = '', '', concat(name_stamp, s.campaign_name)) AS stamped_campaign_name,
--# include fragments/source_columns.sql,
    s.spam_complaints AS spam_complaints
FROM campaign_statistics_latest AS s
WHERE s.klaviyo_public_id IN {accounts:Array(String)}
    AND s.date BETWEEN least({start:Date} - 28, toMonday({start:Date}) - 7, {as_of:Date} - 89) AND {as_of:Date}
