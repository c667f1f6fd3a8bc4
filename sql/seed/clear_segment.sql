-- Empties the synthetic segment source, so that a new seeding never mixes with an earlier one.
TRUNCATE TABLE IF EXISTS segment_statistics
