-- Adds to form_ai_performance, as production has it, the columns that stand after the contract's last one.
ALTER TABLE form_ai_performance
    ADD COLUMN IF NOT EXISTS has_prior_week UInt8
        COMMENT '1 = viewed in the 7 days before the window, 0 = no baseline, so a wow of 0 means unknown'
        AFTER updated_at,
    ADD COLUMN IF NOT EXISTS label_basis LowCardinality(String) DEFAULT 'none'
        COMMENT 'Rate behind the label: submit_rate, or none (not enough data)'
        AFTER has_prior_week
