//! `aiviews usage`: what chatbots asked, how it went, and what had no answer.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::{Subcommand, ValueEnum};
use serde_json::json;

use super::{Global, Verb, duration};
use crate::exit::ExitCode;
use crate::exit::stop::{Manner, Stop};
use crate::mcp::otlp;
use crate::mcp::price::Prices;
use crate::output;
use crate::question::Answer;
use crate::sql;

/// Arguments of `usage`.
#[derive(clap::Args, Debug)]
#[command(args_conflicts_with_subcommands = true)]
#[command(after_help = "\
Examples:
  aiviews usage --by question --since 7d
  aiviews usage import traces.json --prices prices.txt   turns that a chat application recorded (OTLP in JSON)")]
pub struct Arguments {
    /// What to do instead
    #[command(subcommand)]
    action: Option<Action>,
    /// What a line is about
    #[arg(long, value_name = "WHAT", default_value = "day")]
    by: UsageBy,
    /// How far back
    #[arg(long, value_name = "DURATION", default_value = "30d", value_parser = duration)]
    since: Duration,
    /// One JSON document on stdout
    #[arg(long)]
    json: bool,
}

/// What `usage` does besides showing.
#[derive(Debug, Subcommand)]
enum Action {
    /// Take over what a chat application recorded: OTLP in JSON with attributes gen_ai.*; each turn once
    Import(Import),
}

#[derive(clap::Args, Debug)]
struct Import {
    /// The file: one JSON document, or one a line
    file: PathBuf,
    /// File of prices: a line has a model and the money for a million tokens in and out
    #[arg(long, value_name = "FILE")]
    prices: Option<PathBuf>,
    /// One JSON document on stdout
    #[arg(long)]
    json: bool,
}

impl Verb for Arguments {
    fn wants_json(&self) -> bool {
        match &self.action {
            Some(Action::Import(import)) => import.json,
            None => self.json,
        }
    }

    fn manner(&self) -> Manner {
        if self.action.is_some() { Manner::Writes } else { Manner::Reads }
    }
}

/// What a line of `usage` is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum UsageBy {
    /// A day.
    Day,
    /// An account, or several that were asked about together.
    Account,
    /// A model.
    Model,
    /// A question, or a tool without one.
    Question,
    /// A token.
    Token,
}

/// What is called slow, in milliseconds.
const SLOW_MS: u64 = 2_000;

pub(super) async fn run(global: &Global, arguments: &Arguments, stop: &Stop) -> Result<ExitCode> {
    if let Some(Action::Import(arguments)) = &arguments.action {
        return import(global, arguments, stop).await;
    }
    let connection = super::connect_to_read(global, stop).await?;
    let db = &connection.db;
    let by = format!("{:?}", arguments.by).to_lowercase();
    let since_seconds = arguments.since.as_secs();
    let usage = db.statement(&sql::USAGE).param("by", &by).param("since_seconds", since_seconds);
    let usage = Answer::of_statement(&usage.fetch_format("JSONCompact").await?)?;
    let unanswered = db.statement(&sql::UNANSWERED).param("since_seconds", since_seconds);
    let unanswered = Answer::of_statement(&unanswered.fetch_format("JSONCompact").await?)?;
    let slow = db.statement(&sql::SLOW).param("since_seconds", since_seconds).param("slow_ms", SLOW_MS);
    let slow = Answer::of_statement(&slow.fetch_format("JSONCompact").await?)?;
    if arguments.json {
        let document = json!({
            "by": by, "usage": usage.objects(), "slow": slow.objects(), "unanswered": unanswered.objects(),
        });
        output::print_json(&document);
        return Ok(ExitCode::Done);
    }
    if usage.rows.is_empty() {
        output::print("no chatbot has asked anything");
        return Ok(ExitCode::Done);
    }
    output::print(&usage.to_table(&[]));
    if !slow.rows.is_empty() {
        output::print(&format!("\nslow:\n{}", slow.to_table(&[])));
    }
    if !unanswered.rows.is_empty() {
        output::print(&format!("\nasked, and no answer:\n{}", unanswered.to_table(&[])));
    }
    Ok(ExitCode::Done)
}

async fn import(global: &Global, arguments: &Import, stop: &Stop) -> Result<ExitCode> {
    let name = arguments.file.display();
    let text = std::fs::read_to_string(&arguments.file).with_context(|| format!("cannot read `{name}`"))?;
    let prices = arguments.prices.as_deref().map(Prices::open).transpose()?.unwrap_or_default();
    let connection = super::connect_to_data(global, Duration::ZERO, stop).await?;
    let outcome = otlp::import(&connection.db, &text, &prices).await.with_context(|| format!("`{name}`"))?;
    if arguments.json {
        output::print_json(&outcome);
        return Ok(ExitCode::Done);
    }
    let turns = output::counted(outcome.imported as u64, "turn");
    output::print(&format!("imported {turns}, {} known before", outcome.known));
    if outcome.without_price > 0 {
        output::print(&format!(
            "{} of a model without a price: their cost is unknown",
            outcome.without_price
        ));
    }
    Ok(ExitCode::Done)
}
