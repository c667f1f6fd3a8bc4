-- Adds to ai_anomaly_events, as older versions of aiviews made it, of how many days its figures are.
ALTER TABLE ai_anomaly_events
    ADD COLUMN IF NOT EXISTS days UInt8 DEFAULT 1
        COMMENT 'How many days the figures are of: 1, or several up to its oddest day'
        AFTER closed_on
