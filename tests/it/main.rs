//! Integration tests on the real engine.
mod clients;
mod engine;
