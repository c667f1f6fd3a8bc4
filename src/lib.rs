//! aiviews refreshes summary tables of Klaviyo statistics in ClickHouse, one account atomically at a time.
//!
//! The map, top down; a module uses only those below it (a test holds it):
//!
//! - [`cmd`]: the command line, one file per verb: `ls src/cmd` equals `aiviews --help`
//! - [`mcp`]: the chatbot's door: tools, their limits and their log, and the guard of SQL that a model writes
//! - [`report`]: pages for an account's owner, and their charts
//! - [`alert`]: telling people what happened to accounts, by chat, webhook and mail, each thing once
//! - [`seed`]: sample sources
//! - [`status`]: how fresh the data is, what is in trouble, which accounts there are
//! - [`refresh`]: plan, stage, audit, publish, check, log; recovery; an account that leaves; what a writing verb must be allowed
//! - [`outlook`]: what comes next, and what was not as usual: the forecast of revenue, anomaly events
//! - [`context`]: what to put before a model, within a budget of tokens
//! - [`question`]: the ready-made questions and their answers
//! - [`schema`]: what the database should look like, where it does not, and how it gets there
//! - [`lock`]: one run at a time
//! - [`output`]: what people see
//! - [`db`]: the only place that builds a query: where to connect, parameters, settings, retries, errors; where tests break a run
//! - [`engine`]: the embedded ClickHouse engine, the only unsafe code
//! - [`sql`]: every SQL file, embedded
//! - [`account`]: what an account id is
//! - [`exit`]: the exit codes, errors that carry one, and how a run is asked to end

#![deny(unsafe_code)]

pub mod account;
pub mod alert;
pub mod cmd;
pub mod context;
pub mod db;
pub mod engine;
pub mod exit;
pub mod lock;
pub mod mcp;
pub mod outlook;
pub mod output;
pub mod question;
pub mod refresh;
pub mod report;
pub mod schema;
pub mod seed;
pub mod sql;
pub mod status;
