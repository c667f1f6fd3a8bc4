-- Creates the database of the embedded engine.
CREATE DATABASE IF NOT EXISTS {database:Identifier} ENGINE = Atomic
