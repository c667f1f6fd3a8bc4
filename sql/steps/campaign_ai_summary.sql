-- Adds to campaign_ai_summary, as production has it, the columns that stand after the contract's last one.
ALTER TABLE campaign_ai_summary
    ADD COLUMN IF NOT EXISTS delivered UInt32 DEFAULT recipients - least(bounced, recipients)
        COMMENT 'Messages delivered on this day, estimated before adoption (recipients minus bounced)'
        AFTER updated_at,
    ADD COLUMN IF NOT EXISTS conversion_uniques UInt32 DEFAULT conversions
        COMMENT 'People who converted, once per message and day, estimated before adoption (conversions)'
        AFTER delivered,
    ADD COLUMN IF NOT EXISTS has_prior_week UInt8
        COMMENT '1 = delivered in the 7 days before the window, 0 = no baseline, so a wow of 0 means unknown'
        AFTER conversion_uniques,
    ADD COLUMN IF NOT EXISTS revenue_prior_week Float64
        COMMENT 'Revenue in the 7 days before the 7-day window, in the account''s own currency, 0 if none or not known'
        AFTER has_prior_week,
    ADD COLUMN IF NOT EXISTS label_basis LowCardinality(String) DEFAULT 'none'
        COMMENT 'Rate behind the label: open_rate, click_rate (no opens on this channel), none (not enough data)'
        AFTER revenue_prior_week,
    ADD COLUMN IF NOT EXISTS is_settled UInt8
        COMMENT '1 = at least 7 days old when computed: attribution is closed, 0 = revenue can still grow'
        AFTER label_basis
