//! `aiviews usage`: what chatbots asked, how it went, and what had no answer.

use std::time::Duration;

use anyhow::Result;
use clap::ValueEnum;
use serde_json::json;

use super::{Global, Verb, duration};
use crate::exit::ExitCode;
use crate::exit::stop::Stop;
use crate::output;
use crate::question::Answer;
use crate::sql;

/// Arguments of `usage`.
#[derive(clap::Args, Debug)]
pub struct Arguments {
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

impl Verb for Arguments {
    fn wants_json(&self) -> bool {
        self.json
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

pub(super) async fn run(global: &Global, arguments: &Arguments, stop: &Stop) -> Result<ExitCode> {
    let connection = super::connect_to_read(global, stop).await?;
    let db = &connection.db;
    let by = format!("{:?}", arguments.by).to_lowercase();
    let since_seconds = arguments.since.as_secs();
    let usage = db.statement(&sql::USAGE).param("by", &by).param("since_seconds", since_seconds);
    let usage = Answer::of_statement(&usage.fetch_format("JSONCompact").await?)?;
    let unanswered = db.statement(&sql::UNANSWERED).param("since_seconds", since_seconds);
    let unanswered = Answer::of_statement(&unanswered.fetch_format("JSONCompact").await?)?;
    if arguments.json {
        output::print_json(
            &json!({ "by": by, "usage": usage.objects(), "unanswered": unanswered.objects() }),
        );
        return Ok(ExitCode::Done);
    }
    if usage.rows.is_empty() {
        output::print("no chatbot has asked anything");
        return Ok(ExitCode::Done);
    }
    output::print(&usage.to_table(&[]));
    if !unanswered.rows.is_empty() {
        output::print(&format!("\nasked, and no answer:\n{}", unanswered.to_table(&[])));
    }
    Ok(ExitCode::Done)
}
