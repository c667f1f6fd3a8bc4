-- Empties the synthetic form source, so that a new seeding never mixes with an earlier one.
TRUNCATE TABLE IF EXISTS form_statistics
