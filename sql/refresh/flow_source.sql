-- A run's private copy of the flow source, as far back as any table of the batch looks: one row is one flow
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
    s.flow_id AS flow_id,
    s.flow_message_id AS flow_message_id,
    s.send_channel AS send_channel,
    if(s.flow_name = '', '', concat(name_stamp, s.flow_name)) AS stamped_flow_name,
    if(s.flow_message_name = '', '', concat(name_stamp, s.flow_message_name)) AS stamped_flow_message_name,
--# include fragments/source_columns.sql,
    -- The source has only a rate of complaints, so their number is an estimate.
    toUInt64(if(
        s.spam_complaint_rate BETWEEN 0 AND 1,
        roundBankers(s.delivered * s.spam_complaint_rate),
        0
    )) AS spam_complaints
FROM flow_statistics_latest AS s
WHERE s.klaviyo_public_id IN {accounts:Array(String)}
    AND s.date BETWEEN least({start:Date} - 28, toMonday({start:Date}) - 7, {as_of:Date} - 89) AND {as_of:Date}
