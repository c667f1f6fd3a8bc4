//! `aiviews usage`: what chatbots asked, how it went, and what had no answer.

use anyhow::Result;
use serde_json::json;

use crate::cli::{Global, Usage};
use crate::exit::ExitCode;
use crate::output;
use crate::question::Answer;
use crate::sql;
use crate::stop::Stop;

pub(super) async fn run(global: &Global, arguments: &Usage, stop: &Stop) -> Result<ExitCode> {
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
    output::print(&usage.to_table());
    if !unanswered.rows.is_empty() {
        output::print(&format!("\nasked, and no answer:\n{}", unanswered.to_table()));
    }
    Ok(ExitCode::Done)
}
