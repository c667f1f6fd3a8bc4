    -- The rows themselves: only dates of the window, since trends come from the narrower sums below.
    flow_rows AS
    (
        SELECT
            s.klaviyo_public_id AS klaviyo_public_id,
            s.date AS date,
            s.flow_id AS flow_id,
            s.flow_message_id AS flow_message_id,
            substring(max(s.stamped_flow_message_name), 15) AS flow_message_name,
            s.send_channel AS send_channel,
--# include fragments/message_sums.sql
            sum(s.bounced) AS bounced,
            sum(s.unsubscribes) AS unsubscribes,
            sum(s.spam_complaints) AS spam_complaints
        FROM {flow_source:Identifier} AS s
        WHERE s.is_sane AND s.date >= {start:Date} AND s.klaviyo_public_id IN {accounts:Array(String)}
        GROUP BY s.klaviyo_public_id, s.date, s.flow_id, s.flow_message_id, s.send_channel
    ),
