-- Adds to segment_ai_trends, as production has it, the columns that stand after the contract's last one.
ALTER TABLE segment_ai_trends
    ADD COLUMN IF NOT EXISTS has_prior_week UInt8
        COMMENT '1 = there is a snapshot 7 to 10 days before, 0 = none, so wow_member_change_pct 0 means unknown'
        AFTER updated_at,
    ADD COLUMN IF NOT EXISTS has_prior_month UInt8
        COMMENT '1 = there is a snapshot 30 to 33 days before, 0 = none, so mom_member_change_pct 0 means unknown'
        AFTER has_prior_week
