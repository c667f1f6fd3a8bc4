//! The integration suite: the real engine in every test, a fresh database each.
//!
//! It runs on the embedded engine, or with `CLICKHOUSE_TEST_URL` (and `CLICKHOUSE_TEST_USER`,
//! `CLICKHOUSE_TEST_PASSWORD`) on any server.

mod cases;
mod clients;
mod context;
mod engine;
mod expression;
mod markdown;
mod support;
