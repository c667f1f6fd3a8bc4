//! The integration suite: the real engine in every test, a fresh database each.
//!
//! It runs on the embedded engine, or with `CLICKHOUSE_TEST_URL` (and `CLICKHOUSE_TEST_USER`,
//! `CLICKHOUSE_TEST_PASSWORD`) on any server.

mod alert;
mod attacks;
mod canary;
mod cases;
mod catalogue;
mod chatbot_user;
mod child;
mod claims;
mod cli;
mod clients;
mod cluster;
mod contention;
mod context;
mod crowded;
mod door;
mod door_faults;
mod engine;
mod expression;
mod fault_table;
mod faults;
mod floods;
mod generations;
mod guard;
mod guards;
mod house;
mod inbox;
mod keeper;
mod late;
mod mail;
mod markdown;
mod mcp;
mod migrate;
mod operators;
mod outages;
mod outlook;
mod privileges;
mod program;
mod properties;
mod proxy;
mod readers;
mod reading;
mod readme;
mod rebuild;
mod report;
mod restarts;
mod rounding;
mod schema;
mod settings;
mod signals;
mod support;
mod terminal;
mod verify;
mod wire;
