//! aiviews refreshes summary tables of Klaviyo statistics in ClickHouse, one account atomically at a time.
//!
//! The map, top down; a module uses only those below it:
//!
//! - [`cli`], [`cmd`], [`output`]: the command line, one file a verb, and what people see
//! - [`migrate`], [`verify`], ...: the domain, one idea a file
//! - [`schema`]: what the database should look like, read from the DDL itself
//! - [`connection`], [`target`]: where to connect, and opening it
//! - [`db`], [`retry`]: the only place that builds a query, and when it tries again
//! - [`sql`]: every SQL file, embedded
//! - [`engine`]: the embedded ClickHouse engine, the only unsafe code
//! - [`exit`]: the exit codes, and errors that carry one

#![deny(unsafe_code)]

pub mod cli;
pub mod cmd;
pub mod connection;
pub mod db;
pub mod engine;
pub mod exit;
pub mod output;
pub mod retry;
pub mod schema;
pub mod sql;
pub mod target;
