//! aiviews refreshes summary tables of Klaviyo statistics in ClickHouse, one account atomically at a time.
//!
//! The map, top down; a module uses only those below it:
//!
//! - [`cli`], [`cmd`], [`output`]: the command line, one file a verb, and what people see
//! - [`migrate`], [`verify`], [`refresh`], [`status`], [`forget`], [`seed`], [`preflight`]: the domain
//! - [`partition_count`]: whether a database has more accounts than it is comfortable with
//! - [`account_list`]: which accounts there are
//! - [`privilege`]: what a writing verb must be allowed, asked before its first write
//! - [`grants`]: the statements that make users who may do so
//! - [`context`]: what to put before a model, within a budget of tokens
//! - [`mcp`]: the chatbot's door: tools, their limits and their log
//! - [`guard`]: what a model may ask in SQL, and whose rows answer
//! - [`question`]: the ready-made questions and their answers
//! - [`difference`], [`live_schema`], [`ledger`], [`source_reading`]: where the database is not as it should be
//! - [`lock`], [`run_log`], [`stop`], [`fault`]: one run at a time, what it did, how it is asked to end, and where
//!   tests break it
//! - [`schema`], [`account`]: what the database should look like, and what an account id is
//! - [`connection`], [`target`], [`env_file`], [`transport`]: where to connect, opening it, and the HTTP under it
//! - [`generations`]: what a process that died inside a swap left, seen to when the embedded engine is opened
//! - [`db`], [`retry`]: the only place that builds a query, and when it tries again
//! - [`sql`]: every SQL file, embedded
//! - [`engine`]: the embedded ClickHouse engine, the only unsafe code
//! - [`exit`]: the exit codes, and errors that carry one

#![deny(unsafe_code)]

pub mod account;
pub mod cli;
pub mod cmd;
pub mod context;
pub mod db;
pub mod engine;
pub mod exit;
pub mod failpoint;
pub mod lock;
pub mod mcp;
pub mod output;
pub mod question;
pub mod refresh;
pub mod schema;
pub mod seed;
pub mod sql;
pub mod status;
pub mod stop;
