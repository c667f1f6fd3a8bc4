-- A run's private copy of a summary table, empty.
CREATE TABLE IF NOT EXISTS {staging:Identifier} AS <<target>>
