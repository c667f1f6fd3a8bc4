-- A run's private copy of a summary table, empty.
CREATE TABLE {staging:Identifier} AS <<target>>
