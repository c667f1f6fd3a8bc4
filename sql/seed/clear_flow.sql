-- Empties the synthetic flow source, so that a new seeding never mixes with an earlier one.
TRUNCATE TABLE IF EXISTS flow_statistics
