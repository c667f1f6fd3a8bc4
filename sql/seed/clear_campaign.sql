-- Empties the synthetic campaign source, so that a new seeding never mixes with an earlier one.
TRUNCATE TABLE IF EXISTS campaign_statistics
