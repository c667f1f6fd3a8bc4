//! `aiviews query`: the ready-made questions.

use anyhow::Result;
use clap::ValueEnum;
use serde_json::json;

use super::{Global, Known, Verb, questions};
use crate::account::AccountId;
use crate::exit::stop::Stop;
use crate::exit::{ExitCode, Failure};
use crate::output;
use crate::question::{self, Answer, Parameter, QUESTIONS, Question, Reach, Stores, Value};

/// Arguments of `query`.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  aiviews query                                                      the questions
  aiviews query campaigns_this_week --klaviyo-id XqkVGb              one account
  aiviews query stores_compared --klaviyo-id A1b2C3 --klaviyo-id D4e5F6   several, never added up
  aiviews query flow_across_stores --klaviyo-id A1b2C3 --param flow=\"Welcome\" --format csv")]
pub struct Arguments {
    /// The question's name
    #[arg(value_parser = Known(questions), hide_possible_values = true)]
    question: Option<String>,
    /// Account to ask about, by its Klaviyo public id; repeatable: each has its own rows
    #[arg(long, short = 'k', alias = "klaviyo_id", value_name = "ID")]
    klaviyo_id: Vec<String>,
    /// Ask about every account of the summary tables
    #[arg(long, conflicts_with = "klaviyo_id")]
    all_accounts: bool,
    /// How the answer is written
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    format: AnswerFormat,
    /// The same as --format json
    #[arg(long, conflicts_with = "format")]
    json: bool,
    /// The question's parameter `days`
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    days: Option<String>,
    /// The question's parameter `threshold`, in percent
    #[arg(long, value_name = "PERCENT", allow_negative_numbers = true)]
    threshold: Option<String>,
    /// The question's parameter `limit`: rows per account
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    limit: Option<String>,
    /// Any parameter of the question; repeatable
    #[arg(long, value_name = "NAME=VALUE")]
    param: Vec<String>,
    /// Print the SQL statement with its values instead of the answer, to run in any client
    #[arg(long, requires = "question", conflicts_with_all = ["format", "json"])]
    show_sql: bool,
}

impl Verb for Arguments {
    fn wants_json(&self) -> bool {
        self.json || self.format == AnswerFormat::Json
    }
}

/// How an answer is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum AnswerFormat {
    /// Columns for people, with notes on how to read them.
    Table,
    /// One JSON document.
    Json,
    /// Comma-separated values with a header line.
    Csv,
    /// A Markdown table.
    Markdown,
}

pub(super) async fn run(global: &Global, arguments: &Arguments, stop: &Stop) -> Result<ExitCode> {
    let format = if arguments.json { AnswerFormat::Json } else { arguments.format };
    let Some(name) = &arguments.question else {
        list(format)?;
        return Ok(ExitCode::Done);
    };
    let question = question::find(name)?;
    let values = question.values(&given(arguments)?)?;
    let accounts = super::accounts(&arguments.klaviyo_id)?;
    if accounts.is_empty() && !arguments.all_accounts {
        let message = format!("question `{name}` needs an account: \"{}\"", question.question);
        let hint = "add --klaviyo-id ID, repeatable, or --all-accounts; `aiviews accounts` lists them";
        return Err(Failure::new(ExitCode::Usage, message).hint(hint).into());
    }
    let connection = super::connect_to_read(global, stop).await?;
    let db = &connection.db;
    let accounts = super::these_or_all(db, accounts).await?;
    let reach = Reach::read(db, &accounts).await?;
    let freshness = question::freshness(db, &accounts, &reach).await?;
    question::refuse_unknown(db, &accounts, &freshness).await?;
    if arguments.show_sql {
        output::print(&question.script(db, &accounts, &values, &reach));
        return Ok(ExitCode::Done);
    }
    let answer = question.ask_within(db, &accounts, &values, &reach).await?;
    let stores = Stores::read(db, &accounts).await?;
    let answer = answer.in_currencies(&question.money, &stores);
    let mut answer = match (format, accounts.len()) {
        (_, 1) => answer.without_account(),
        (AnswerFormat::Table | AnswerFormat::Markdown, _) => answer.with_names(&stores),
        _ => answer,
    };
    let text = match format {
        AnswerFormat::Table => {
            let words: Vec<String> = answer.take_words().into_iter().map(|(_, words)| words).collect();
            let mut parts = vec![heading(&accounts, &stores) + &table(question, &answer)];
            parts.extend((!words.is_empty()).then(|| output::wrapped(&output::lines(&words))));
            parts.push(output::wrapped(&notes(question, &values, &answer, &freshness, &stores)));
            parts.join("\n\n")
        }
        AnswerFormat::Markdown => {
            let notes = notes(question, &values, &answer, &freshness, &stores);
            let heading = output::markdown(&heading(&accounts, &stores));
            format!("{heading}{}\n\n{}", answer.to_markdown(), output::markdown(&notes))
        }
        AnswerFormat::Csv => {
            tell_beside(question, &values, &answer);
            answer.to_csv()?
        }
        AnswerFormat::Json => document(question, &accounts, &values, &answer, &freshness, &stores)?,
    };
    match format {
        AnswerFormat::Json => output::print_document(&text),
        AnswerFormat::Table => output::print_words(&text),
        _ => output::print(&text),
    }
    Ok(ExitCode::Done)
}

/// `--param name=value` and the flags that stand for the common ones.
fn given(arguments: &Arguments) -> Result<Vec<(String, String)>> {
    let mut given = super::parameters(&arguments.param)?;
    let flags = [("days", &arguments.days), ("threshold", &arguments.threshold), ("limit", &arguments.limit)];
    for (name, value) in flags {
        given.extend(value.clone().map(|value| (name.to_owned(), value)));
    }
    Ok(given)
}

/// What a reader of the bare rows has to know, on stderr: stdout is the rows.
fn tell_beside(question: &Question, values: &[(&str, Value)], answer: &Answer) {
    answer.cut().iter().for_each(|cut| output::tell(&format!("{cut}: --limit shows more")));
    question.hints(values, answer).iter().for_each(|hint| output::tell(&format!("hint: {hint}")));
}

/// Whose rows they are, where there is one account and its name is known.
fn heading(accounts: &[AccountId], stores: &Stores) -> String {
    match accounts {
        [account] if stores.of(account.as_str()).name.is_some() => {
            format!("{}\n\n", stores.title(account.as_str()))
        }
        _ => String::new(),
    }
}

fn table(question: &Question, answer: &Answer) -> String {
    if answer.rows.is_empty() {
        "no rows: nothing to report".to_owned()
    } else {
        answer.to_table(&question.least)
    }
}

/// What a reader has to know to read the numbers, one line each.
fn notes(
    question: &Question,
    values: &[(&str, Value)],
    answer: &Answer,
    freshness: &Answer,
    stores: &Stores,
) -> String {
    let hints = question.hints(values, answer);
    let values: Vec<String> = values.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let mut lines: Vec<String> =
        answer.cut().map(|cut| format!("{cut}: --limit shows more")).into_iter().collect();
    lines.extend([answer.titled(&question.answer), format!("asked with {}", values.join(" "))]);
    lines.extend(hints.iter().map(|hint| format!("hint: {hint}")));
    lines.extend(states(freshness, stores));
    output::lines(&lines)
}

/// Accounts that are named where several are in one state.
const NAMED: usize = 3;

/// How far the accounts' numbers reach: one line for all that reach equally far.
fn states(freshness: &Answer, stores: &Stores) -> Vec<String> {
    let mut states: Vec<(String, Vec<String>)> = Vec::new();
    for row in freshness.objects() {
        let account = row["account"].as_str().unwrap_or_default();
        let (state, title) = (state(&row, stores), stores.title(account));
        match states.iter_mut().find(|(known, _)| *known == state) {
            Some((_, accounts)) => accounts.push(title),
            None => states.push((state, vec![title])),
        }
    }
    let who = |accounts: &[String]| match accounts.len().checked_sub(NAMED) {
        Some(more @ 1..) => format!("{} and {more} more", accounts[..NAMED].join(", ")),
        _ => accounts.join(", "),
    };
    states.iter().map(|(state, accounts)| format!("{}: {state}", who(accounts))).collect()
}

fn state(row: &serde_json::Value, stores: &Stores) -> String {
    let text = |name: &str| row[name].as_str().unwrap_or_default();
    // Nobody needs the seconds.
    let refreshed = text("refreshed_at").get(.."2026-11-21 04:20".len()).unwrap_or_default();
    let (through, settled) = (text("complete_through"), text("settled_through"));
    let reached = match through {
        "" => "no day is complete yet".to_owned(),
        _ => format!("complete through {through}, orders still coming in after {settled}"),
    };
    let reached = match stores.currency(text("account")) {
        Some(currency) => format!("money in {currency}, {reached}"),
        None => reached,
    };
    match text("sources_end") {
        "" => format!("refreshed {refreshed}, {reached}"),
        end => format!(
            "refreshed {refreshed}, {reached}; its sources end on {end}: later days are missing, not zero"
        ),
    }
}

fn document(
    question: &Question,
    accounts: &[AccountId],
    values: &[(&str, Value)],
    answer: &Answer,
    freshness: &Answer,
    stores: &Stores,
) -> Result<String> {
    let hints = question.hints(values, answer);
    let values: serde_json::Map<String, serde_json::Value> =
        values.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
    let store = |account: &AccountId| {
        let store = stores.of(account.as_str());
        json!({ "account": account, "store_name": store.name, "currency": store.currency })
    };
    Ok(serde_json::to_string_pretty(&json!({
        "name": question.name,
        "question": question.question,
        "accounts": accounts,
        "stores": accounts.iter().map(store).collect::<Vec<_>>(),
        "money": question.money,
        "parameters": values,
        "row": question.row,
        "answer": question.answer,
        "freshness": freshness.objects(),
        "columns": answer.columns,
        "rows": answer.objects(),
        "rows_in_all": answer.of_rows,
        "is_cut": answer.cut().is_some(),
        "hints": hints,
    }))?)
}

fn list(format: AnswerFormat) -> Result<()> {
    let parameter = |parameter: &Parameter| match &parameter.default {
        Some(default) => format!("{}={default}", parameter.name),
        None => format!("{}=...", parameter.name),
    };
    let row = |question: &Question| {
        let parameters: Vec<String> = question.parameters.iter().map(parameter).collect();
        vec![json!(question.name), json!(question.question), json!(parameters.join(" "))]
    };
    let columns = ["name", "question", "parameters"].map(str::to_owned).to_vec();
    let answer = Answer { columns, rows: QUESTIONS.iter().map(row).collect(), ..Answer::default() };
    match format {
        AnswerFormat::Table => list_for_people(answer),
        AnswerFormat::Markdown => output::print(&answer.to_markdown()),
        AnswerFormat::Csv => output::print(&answer.to_csv()?),
        AnswerFormat::Json => output::print_json(&*QUESTIONS),
    }
    Ok(())
}

/// A question is never cut: where there is no room its parameters are left out, as every answer names them.
fn list_for_people(mut answer: Answer) {
    let widest = |column: &str| (0..answer.rows.len()).map(|row| answer.text(row, column).len()).max();
    let needed: usize =
        ["name", "question", "parameters"].iter().filter_map(|it| widest(it)).sum::<usize>() + 4;
    if output::width().is_some_and(|width| width < needed) {
        answer.columns.pop();
        answer.rows.iter_mut().for_each(|row| row.truncate(2));
    }
    output::print_words(&answer.to_table(&[]));
    output::tell("");
    output::tell("one answer: `aiviews query NAME -k ID`; `aiviews accounts` lists the ids");
}
