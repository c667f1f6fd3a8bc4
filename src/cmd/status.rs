//! `aiviews status`: did last night work.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Result;

use super::{Global, USUAL_MAX_AGE, Verb, duration};
use crate::account::AccountId;
use crate::db::Db;
use crate::exit::ExitCode;
use crate::exit::stop::Stop;
use crate::output::{self, Drawn};
use crate::refresh::run_log::{self, Event};
use crate::schema::TABLES;
use crate::schema::trouble::Troubled;
use crate::status::{self, Stale, Status, Undelivered};

/// Arguments of `status`.
#[derive(clap::Args, Debug)]
pub struct Arguments {
    /// Only the history of this account: what each run did to each of its tables, newest first
    #[arg(long, short = 'k', alias = "klaviyo_id", value_name = "ID")]
    klaviyo_id: Option<String>,
    /// Exit 9 where an account's newest rows are older than this
    #[arg(long, value_name = "DURATION", default_value = USUAL_MAX_AGE, value_parser = duration)]
    max_age: Duration,
    /// One JSON document on stdout
    #[arg(long)]
    json: bool,
}

impl Verb for Arguments {
    fn wants_json(&self) -> bool {
        self.json
    }
}

pub(super) async fn run(global: &Global, arguments: &Arguments, stop: &Stop) -> Result<ExitCode> {
    let account = arguments.klaviyo_id.as_deref().map(AccountId::from_argument).transpose()?;
    let connection = super::connect_to_read(global, stop).await?;
    if let Some(account) = account {
        return history(&connection.db, &account, arguments.json).await;
    }
    let status = status::read(&connection.db, arguments.max_age).await?;
    if arguments.json {
        output::print_json(&status);
    } else {
        output::print_words(&describe(&status, &humantime::format_duration(arguments.max_age).to_string()));
    }
    Ok(match status {
        Status { sources_broken, .. } if !sources_broken.is_empty() => ExitCode::SchemaMismatch,
        status if status.is_stale() => ExitCode::Stale,
        _ => ExitCode::Done,
    })
}

/// What happened to one account.
async fn history(db: &Db, account: &AccountId, as_json: bool) -> Result<ExitCode> {
    let events = run_log::history(db, account).await?;
    if as_json {
        output::print_json(&events);
        return Ok(ExitCode::Done);
    }
    if events.is_empty() {
        output::print_words(&format!(
            "no run has touched account `{account}`: ids differ by upper and lower case"
        ));
        return Ok(ExitCode::Done);
    }
    let header = ["started (server time)", "table", "state", "from", "to", "written", "kept", "ms", "error"];
    let row = |event: &Event| {
        vec![
            event.started_at.clone(),
            event.table_name.clone(),
            event.state.clone(),
            event.window_start.clone(),
            event.window_end.clone(),
            event.rows_written.to_string(),
            event.rows_kept.to_string(),
            event.duration_ms.to_string(),
            event.error.clone(),
        ]
    };
    output::print_words(&output::table(
        &header,
        &events.iter().map(row).collect::<Vec<_>>(),
        &["ms", "kept", "written", "to", "from"],
    ));
    Ok(ExitCode::Done)
}

fn describe(status: &Status, max_age: &str) -> String {
    let mut parts = vec![status.target.clone()];
    if status.way != "plain" {
        parts.push(format!("tables are made in the way of: {}", status.way.replace('_', " ")));
    }
    if !status.missing.is_empty() {
        let missing: Vec<String> = status.missing.iter().map(|it| output::printable(it)).collect();
        parts.push(format!("missing for more than one server:\n  {}", missing.join("\n  ")));
    }
    parts.extend([runs(status), tables(status)]);
    let stale = status.stale.iter().map(stale);
    let ended = status.ended().map(|(account, end)| format!("{account}: {end}"));
    let is_broken_off = |account: &&Troubled| status.broken_off.contains(&account.klaviyo_public_id);
    let (broken_off, troubled): (Vec<&Troubled>, Vec<&Troubled>) =
        status.troubled.iter().partition(|account| account.state == "publishing" && is_broken_off(account));
    let broken_off =
        broken_off.iter().map(|it| format!("{}: {}", it.klaviyo_public_id, it.tables.join(", ")));
    let troubled = troubled.iter().map(|account| {
        format!(
            "{}: {} ({}) {}",
            account.klaviyo_public_id,
            account.state,
            account.tables.join(", "),
            account.error
        )
    });
    let late = status.late.iter().map(|account| {
        let date = &account.earliest_date;
        let rows = output::counted(account.late_rows, "row");
        format!("{}: {rows} from {date} on", account.klaviyo_public_id)
    });
    let lists: [(String, Vec<String>); 6] = [
        (
            "broken off while publishing: old rows, new ones or both are to be seen (aiviews populate)"
                .to_owned(),
            broken_off.collect(),
        ),
        (format!("stale (older than {max_age})"), stale.collect()),
        ("in trouble".to_owned(), troubled.collect()),
        ("sources end: the days after are missing, not zero".to_owned(), ended.collect()),
        (
            "corrected in the source since that day was read (aiviews populate --late)".to_owned(),
            late.collect(),
        ),
        ("left, not refreshed with all (aiviews forget --ignore)".to_owned(), status.ignored.clone()),
    ];
    parts.extend(reached(status));
    parts.extend(lists.iter().filter_map(|(title, accounts)| output::list_of_accounts(title, accounts)));
    let wrong = status.wrong_forecasts.iter().map(|it| format!("{}: {}", it.klaviyo_public_id, it.problem));
    let title = "forecasts of the last 28 days to look at (aiviews query revenue_outlook)";
    parts.extend(output::list_of_accounts(title, &wrong.collect::<Vec<_>>()));
    if !status.alerts_undelivered.is_empty() {
        let lines: Vec<String> = status.alerts_undelivered.iter().map(undelivered).collect();
        parts.push(format!("alerts that do not arrive (`aiviews alert` tries again):\n{}", lines.join("\n")));
    }
    let events = status.open_events;
    parts.extend(
        (!events.is_empty()).then(|| format!("open anomaly events (aiviews query anomalies): {events}")),
    );
    parts.extend(status.many_partitions.iter().map(ToString::to_string));
    if status.future_rows > 0 {
        let rows = output::counted(status.future_rows, "source row");
        parts.push(format!("dated after today, so that no refresh reads them: {rows}"));
    }
    if status.sources_stopped {
        parts.push(match status.sources_end {
            Some(end) => format!("all sources end on {end}: nothing is fresh, look at what fills them"),
            None => "no source has a recent row: nothing is fresh, look at what fills them".to_owned(),
        });
    }
    if !status.sources_broken.is_empty() {
        let broken: Vec<String> = status.sources_broken.iter().map(|it| output::printable(it)).collect();
        parts.push(format!(
            "the next refresh cannot read its sources (`aiviews verify` says what to do):\n  {}",
            broken.join("\n  ")
        ));
    }
    let accounts = output::counted(status.accounts, "account");
    parts.push(match status.fresh {
        fresh if fresh == status.accounts && !status.sources_stopped => {
            format!("{accounts} with recent source rows, all fresh")
        }
        fresh => format!("{accounts} with recent source rows, {fresh} fresh"),
    });
    parts.join("\n\n")
}

/// What waits for a destination, and why.
fn undelivered(it: &Undelivered) -> String {
    let (waiting, since) = (output::counted(it.messages_waiting, "message"), &it.waiting_since);
    let given_up = match it.messages_given_up {
        0 => String::new(),
        count => format!(", {} given up", output::counted(count, "message")),
    };
    let why = if it.error.is_empty() { "the run that was to send them broke off" } else { &it.error };
    format!("  {}: {waiting} waiting since {since}{given_up}: {}", it.destination, output::printable(why))
}

/// What is stale of an account, and since when.
fn stale(account: &Stale) -> String {
    let tables = match account.tables.len() {
        all if all == TABLES.len() => String::new(),
        _ => format!(" ({})", account.tables.join(", ")),
    };
    let account_id = &account.klaviyo_public_id;
    match account.hours {
        Some(hours) => format!("{account_id}: last whole refresh {hours} h ago{tables}"),
        None => format!("{account_id}: never refreshed whole{tables}"),
    }
}

/// How many accounts are complete through which day, the newest first.
fn reached(status: &Status) -> Option<String> {
    let mut days: BTreeMap<&str, u64> = BTreeMap::new();
    for account in &status.reached {
        *days.entry(account.complete_through.as_deref().unwrap_or("no day yet")).or_default() += 1;
    }
    let line = |(day, accounts): (&&str, &u64)| format!("{day}: {}", output::counted(*accounts, "account"));
    let lines: Vec<String> = days.iter().rev().map(line).collect();
    (!lines.is_empty()).then(|| format!("complete through\n  {}", lines.join("\n  ")))
}

fn runs(status: &Status) -> String {
    if status.runs.is_empty() {
        return "no run yet: `aiviews populate` makes the first".to_owned();
    }
    let header = [
        "started (server time)",
        "as of",
        "from",
        "published",
        "held back",
        "failed",
        "broken off",
        "rows",
        "seconds",
    ];
    let rows: Vec<Vec<String>> = status
        .runs
        .iter()
        .map(|run| {
            vec![
                run.started_at.clone(),
                run.as_of.clone(),
                run.window_start.clone(),
                run.accounts_published.to_string(),
                run.accounts_held_back.to_string(),
                run.accounts_failed.to_string(),
                run.accounts_left_publishing.to_string(),
                run.rows_written.to_string(),
                run.seconds.to_string(),
            ]
        })
        .collect();
    let values = status.runs.iter().map(|run| Some(run.seconds as f64)).collect();
    let drawn = Drawn { title: "SECONDS".to_owned(), values, are_times: true };
    output::table_of(&header, &rows, &[], &["as of", "from", "seconds"], &drawn)
}

fn tables(status: &Status) -> String {
    let rows: Vec<Vec<String>> = status
        .tables
        .iter()
        .map(|table| {
            let content = &table.content;
            vec![
                table.table.clone(),
                content.row_count.to_string(),
                content.accounts.to_string(),
                content.newest_date.clone(),
                content.newest_updated_at.clone(),
            ]
        })
        .collect();
    let header = ["table", "rows", "accounts", "newest date", "newest updated_at"];
    let values = status.tables.iter().map(|table| Some(table.content.row_count as f64)).collect();
    let drawn = Drawn { title: "ROWS".to_owned(), values, are_times: false };
    output::table_of(&header, &rows, &[], &[], &drawn)
}
