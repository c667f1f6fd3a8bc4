//! `aiviews populate`: recompute the window for some accounts or all.

use std::time::{Duration, Instant};

use anyhow::Result;
use chrono::NaiveDate;
use serde::Serialize;
use tracing::{Instrument, error, info, warn};

use futures_util::future::join_all;

use super::alert::Whom;
use super::{Global, Known, USUAL_MAX_AGE, Verb, alert as alert_verb, duration, tables};
use crate::account::AccountId;
use crate::alert;
use crate::db::connection::Connection;
use crate::db::retry::RetryPolicy;
use crate::db::target::Target;
use crate::db::{self, Db, Statement};
use crate::exit::stop::{Manner, Stop};
use crate::exit::{ExitCode, Failure};
use crate::lock::Done;
use crate::output;
use crate::refresh::batches::Load;
use crate::refresh::report::{Refusal, Report};
use crate::refresh::{self, Options, Order, Plan, selection, snapshot, staging};
use crate::schema::SummaryTable;

/// Arguments of `populate`.
#[derive(clap::Args, Clone, Debug)]
#[command(after_help = "\
Examples:
  aiviews populate                                  every account, the last 90 days
  aiviews populate --klaviyo-id XqkVGb --days 7     one account, a week
  aiviews populate --as-of 2026-03-31 --dry-run     what a run for that date would do")]
pub struct Arguments {
    /// Account to refresh, by its Klaviyo public id; repeatable (default: every account)
    #[arg(long, short = 'k', alias = "klaviyo_id", value_name = "ID")]
    klaviyo_id: Vec<String>,
    /// Number of dates to recompute, as-of included (1..3650)
    #[arg(long, default_value_t = 90, value_parser = clap::value_parser!(u16).range(1..=3650))]
    days: u16,
    /// Last date of the window (default: the server's today)
    #[arg(long, value_name = "DATE")]
    as_of: Option<NaiveDate>,
    /// Summary table to refresh; repeatable (default: all seven)
    #[arg(long, value_name = "TABLE", value_parser = Known(tables), hide_possible_values = true)]
    table: Vec<String>,
    /// Only accounts with corrections of days that runs no longer read, and only from those days on (`status` lists them)
    #[arg(long, conflicts_with_all = ["klaviyo_id", "days", "as_of", "table", "resume", "dry_run"])]
    late: bool,
    /// Leave out accounts that were published for the same dates within the last day
    #[arg(long)]
    resume: bool,
    /// Publish also where the source has lost most or all of its rows
    #[arg(long)]
    allow_shrink: bool,
    /// Do not forecast revenue, nor look for anomaly events, afterwards
    #[arg(long)]
    no_forecast: bool,
    /// Tell people what happened afterwards, as `aiviews alert` does; the refresh stays done if that fails
    #[arg(long)]
    alert: bool,
    /// Whom to tell
    #[command(flatten)]
    whom: Whom,
    /// Accounts per batch (default: by the number of rows)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    batch_accounts: Option<u32>,
    /// How long to wait for another run to end
    #[arg(long, value_name = "DURATION", default_value = "0s", value_parser = duration)]
    wait: Duration,
    /// Print the statements and an estimate, change nothing
    #[arg(long)]
    dry_run: bool,
    /// One JSON document on stdout
    #[arg(long)]
    json: bool,
}

impl Verb for Arguments {
    const MANNER: Manner = Manner::Writes;

    fn wants_json(&self) -> bool {
        self.json
    }
}

pub(super) async fn run(global: &Global, arguments: &Arguments, stop: &Stop) -> Result<ExitCode> {
    let options = options(arguments)?;
    let deadline = Instant::now() + arguments.wait;
    let targets = Target::shards(&global.connect)?;
    let [target] = targets.as_slice() else {
        return on_shards(global, arguments, &targets, options, deadline, stop).await;
    };
    let connection = open(target, global, arguments, stop).await?;
    if arguments.dry_run {
        return dry_run(&connection.db.interruptible(), &options, arguments.json).await;
    }
    let Some(Ran { told, code, released }) =
        change(&connection.db, arguments, &options, deadline, stop).await?
    else {
        return Ok(stop.code().unwrap_or(ExitCode::Interrupted));
    };
    if arguments.json {
        output::print_json(&told);
    } else if is_told(global, code) {
        output::print_words(&told.words());
    }
    released?;
    Ok(code)
}

async fn open(target: &Target, global: &Global, arguments: &Arguments, stop: &Stop) -> Result<Connection> {
    let connection = super::connect_to(target, global, arguments.wait, stop).await?;
    let retries = RetryPolicy { busy_wait: arguments.wait, ..RetryPolicy::default() };
    Ok(Connection { db: connection.db.with_retries(retries), ..connection })
}

fn is_told(global: &Global, code: ExitCode) -> bool {
    !output::talks_json() && (!global.talk.quiet || code != ExitCode::Done)
}

/// A run that came to its end.
struct Ran {
    told: Told,
    code: ExitCode,
    released: Result<()>,
}

/// What it did, and whom it told of what happened.
#[derive(Serialize)]
struct Told {
    #[serde(flatten)]
    report: Report,
    #[serde(skip_serializing_if = "Option::is_none")]
    alerts: Option<alert::Summary>,
}

impl Told {
    fn words(&self) -> String {
        let alerts =
            self.alerts.as_ref().map_or(String::new(), |it| format!("\n\n{}", alert_verb::describe(it)));
        format!("{}{alerts}", describe(&self.report))
    }
}

/// Tells people what happened. What fails is told and noted: it is no failure of the refresh before it.
async fn tell_people(db: &Db, arguments: &Arguments, stop: &Stop) -> alert::Summary {
    let told = async {
        let max_age = duration(USUAL_MAX_AGE).map_err(anyhow::Error::msg)?;
        let options = arguments.whom.options(max_age)?;
        alert::run(db, &options, Instant::now() + arguments.wait, stop).await
    };
    told.await.unwrap_or_else(|error| {
        warn!("no alerts were sent, the refreshed tables are as they should be: {error:#}");
        alert::Summary { error: Some(format!("{error:#}")), ..alert::Summary::default() }
    })
}

/// Refreshes. Nothing where the run was stopped before it had a report.
async fn change(
    db: &Db,
    arguments: &Arguments,
    options: &Options,
    deadline: Instant,
    stop: &Stop,
) -> Result<Option<Ran>> {
    let work = async {
        super::announce(db);
        let order = Order { deadline, late: arguments.late, forecast: !arguments.no_forecast };
        let Done { work: mut report, released } = match refresh::run(db, options, order, stop).await {
            Err(error) if stop.code().is_some() => {
                warn!("stopped: {error:#}");
                return Ok(None);
            }
            done => done?,
        };
        let code = report.settle(stop.code());
        let alerts = match arguments.alert && released.is_ok() && stop.code().is_none() {
            true => Some(tell_people(db, arguments, stop).await),
            false => None,
        };
        if output::talks_json() {
            tell_machines(&report, code);
        }
        Ok(Some(Ran { told: Told { report, alerts }, code, released }))
    };
    work.instrument(output::run_span("populate", db.run_id())).await
}

/// One shard, and what became of it: nothing where none of the accounts is there.
struct Shard<'a> {
    target: &'a Target,
    outcome: Result<Option<Ran>>,
}

/// A run per shard, side by side. One that fails is the failure of its accounts, not of the others'.
async fn on_shards(
    global: &Global,
    arguments: &Arguments,
    targets: &[Target],
    options: Options,
    deadline: Instant,
    stop: &Stop,
) -> Result<ExitCode> {
    if arguments.dry_run {
        let hint = "name one server: each shard has a plan of its own";
        return Err(Failure::new(ExitCode::Usage, "--dry-run is for one server").hint(hint).into());
    }
    let opened = join_all(targets.iter().map(async |target| {
        let connection = open(target, global, arguments, stop).await?;
        let accounts = selection::known(&connection.db.interruptible(), &options.accounts).await?;
        anyhow::Ok((connection, accounts))
    }))
    .await;
    refuse_unknown(&options.accounts, &opened)?;
    let running = targets.iter().zip(opened).map(async |(target, opened)| {
        let outcome = async {
            let (connection, accounts) = opened?;
            if accounts.is_empty() && !options.accounts.is_empty() {
                return Ok(None);
            }
            let options = Options { accounts, ..options.clone() };
            change(&connection.db, arguments, &options, deadline, stop).await
        };
        Shard { target, outcome: outcome.await }
    });
    let shards = join_all(running).await;
    let code = ExitCode::of(&codes(&shards, stop));
    for Shard { target, outcome } in &shards {
        if let Err(error) = outcome {
            let hint = db::hint_of(error).map(|hint| format!("\nhint: {hint}")).unwrap_or_default();
            error!("{target}: {error:#}{hint}");
        }
    }
    if arguments.json {
        output::print_json(&serde_json::json!({
            "shards": shards.iter().map(Shard::json).collect::<Vec<_>>(),
            "exit_code": code.number(),
        }));
    } else if is_told(global, code) {
        let texts: Vec<String> = shards.iter().map(Shard::words).collect();
        output::print_words(&texts.join("\n\n"));
    }
    Ok(code)
}

/// Refuses an account that no shard knows, where all could be asked.
fn refuse_unknown(asked: &[AccountId], opened: &[Result<(Connection, Vec<AccountId>)>]) -> Result<()> {
    if opened.iter().any(Result::is_err) {
        return Ok(());
    }
    let is_known = |account: &AccountId| opened.iter().flatten().any(|(_, known)| known.contains(account));
    let Some(account) = asked.iter().find(|account| !is_known(account)) else { return Ok(()) };
    let message = format!("account `{account}` is in no source and in no table of any shard");
    let hint = "check the Klaviyo public id; `aiviews accounts` lists those of a shard";
    Err(Failure::new(ExitCode::Usage, message).hint(hint).into())
}

/// The codes of all shards. Where one did its work, the failure of another is that of some accounts.
fn codes(shards: &[Shard<'_>], stop: &Stop) -> Vec<ExitCode> {
    let has_any_worked = shards.iter().any(|shard| matches!(&shard.outcome, Ok(Some(_))));
    let of_shard = |shard: &Shard<'_>| match &shard.outcome {
        Ok(Some(ran)) if ran.released.is_err() => ExitCode::Failed,
        Ok(Some(ran)) => ran.code,
        Ok(None) => ExitCode::Done,
        Err(_) if has_any_worked => ExitCode::SomeAccountsFailed,
        Err(error) => db::exit_code_of(error),
    };
    shards.iter().map(of_shard).chain(stop.code()).collect()
}

impl Shard<'_> {
    fn words(&self) -> String {
        let what = match &self.outcome {
            Ok(Some(ran)) => ran.told.words(),
            Ok(None) => "none of these accounts".to_owned(),
            Err(error) => format!("failed: {error:#}"),
        };
        format!("{}\n{what}", self.target)
    }

    fn json(&self) -> serde_json::Value {
        match &self.outcome {
            Ok(Some(ran)) => serde_json::json!(ran.told),
            Ok(None) => serde_json::json!({ "target": self.target.to_string(), "published": 0 }),
            Err(error) => serde_json::json!({
                "target": self.target.to_string(),
                "error": { "code": db::exit_code_of(error).name(), "message": format!("{error:#}"),
                           "hint": db::hint_of(error) },
            }),
        }
    }
}

fn options(arguments: &Arguments) -> Result<Options> {
    Ok(Options {
        accounts: super::accounts(&arguments.klaviyo_id)?,
        days: arguments.days,
        as_of: arguments.as_of,
        tables: refresh::tables_named(&arguments.table)?,
        resume: arguments.resume,
        allow_shrink: arguments.allow_shrink,
        accounts_per_batch: arguments.batch_accounts,
    })
}

/// The last line of a JSON log, in the place of the summary for people; an error where not every account is done.
fn tell_machines(report: &Report, code: ExitCode) {
    let names = |refusals: &[Refusal]| {
        let names: Vec<String> = refusals.iter().map(|refusal| output::printable(&refusal.account)).collect();
        names.join(",")
    };
    macro_rules! tell {
        ($level:ident) => {
            $level!(
                exit_code = code.number(),
                published = report.published,
                recovered = report.recovered,
                failed = names(&report.failed),
                held_back = names(&report.held_back),
                skipped = names(&report.skipped),
                rows_written = report.rows_written.values().sum::<u64>(),
                rows_kept = report.rows_kept.values().sum::<u64>(),
                rows_rejected = report.rows_rejected.values().sum::<u64>(),
                elapsed_ms = report.elapsed_ms,
                "run ended"
            )
        };
    }
    match code {
        ExitCode::Done => tell!(info),
        _ => tell!(error),
    }
}

fn describe(report: &Report) -> String {
    let seconds = |milliseconds: u64| format!("{:.1} s", milliseconds as f64 / 1000.0);
    let window = &report.window;
    let mut text = format!(
        "published {}, {} to {}, in {} ({} computing, {} swapping)",
        output::counted(report.published, "account"),
        window.start,
        window.as_of,
        seconds(report.elapsed_ms),
        seconds(report.staging_ms),
        seconds(report.publishing_ms)
    );
    for (number, what) in [
        (report.recovered, "left by a broken run, redone"),
        (report.nothing_to_do, "nothing to do"),
        (report.already_done, "done already"),
        (report.ignored, "left, so left out"),
    ] {
        if number > 0 {
            text.push_str(&format!("\n{what}: {}", output::counted(number, "account")));
        }
    }
    if !report.rows_written.is_empty() {
        let kept = |table: &String| report.rows_kept.get(table).copied().unwrap_or_default().to_string();
        let row = |(table, written): (&String, &u64)| vec![table.clone(), written.to_string(), kept(table)];
        let rows: Vec<Vec<String>> = report.rows_written.iter().map(row).collect();
        text.push_str("\n\n");
        text.push_str(&output::table(&["table", "rows written", "rows kept"], &rows, &[]));
    }
    if !report.rows_rejected.is_empty() {
        let sum: u64 = report.rows_rejected.values().sum();
        let accounts = output::counted(report.rows_rejected.len() as u64, "account");
        let rows = output::counted(sum, "source row");
        text.push_str(&format!(
            "\n\n{rows} of {accounts} left out: conversion_value not finite, negative or above 1e9"
        ));
    }
    if let Some(outlook) = &report.outlook {
        text.push_str(&format!("\n\n{outlook}"));
    }
    text.push_str(&list("failed", &report.failed));
    text.push_str(&list(
        "held back, their old rows stay (check the source, or --allow-shrink)",
        &report.held_back,
    ));
    text.push_str(&list("skipped", &report.skipped));
    text
}

fn list(title: &str, refusals: &[Refusal]) -> String {
    let line = |refusal: &Refusal| format!("{}: {}", refusal.account, refusal.reason);
    let lines: Vec<String> = refusals.iter().map(line).collect();
    output::list_of_accounts(title, &lines).map_or(String::new(), |text| format!("\n\n{text}"))
}

/// Prints what a run would do: the statements of its first batch, and the sizes of the whole.
async fn dry_run(db: &Db, options: &Options, as_json: bool) -> Result<ExitCode> {
    let plan = Plan::checked(db, options).await?;
    let Plan { window, selection, .. } = &plan;
    let batches = plan.batches(options);
    let loads = selection.candidates.iter().map(|candidate| candidate.load);
    let rows: u64 = loads.filter(|load| load.is_known()).map(Load::rows).sum();
    let partitions = selection.candidates.len() * options.tables.len();
    let first = batches.first().map(|batch| batch.accounts.as_slice()).unwrap_or_default();
    let copy = |source| {
        let statements = snapshot::statements(db, source, &plan.summary_engine, window, first);
        statements.iter().map(Statement::script).collect::<Vec<_>>()
    };
    let fill = |table: &&'static SummaryTable| {
        [
            staging::make_statement(db, table).script(),
            staging::fill_statement(db, table, window, first).script(),
        ]
    };
    let snapshots = snapshot::needed(&options.tables).into_iter().flat_map(copy);
    let statements: Vec<String> = snapshots.chain(options.tables.iter().flat_map(fill)).collect();
    if as_json {
        output::print_json(&serde_json::json!({
            "window": window,
            "accounts": selection.candidates.len(),
            "nothing_to_do": selection.nothing_to_do.len(),
            "batches": batches.len(),
            "rows_to_read": rows,
            "partitions_to_swap": partitions,
            "statements": statements,
        }));
        return Ok(ExitCode::Done);
    }
    output::print(&format!(
        "-- window {} to {}, last complete day {}\n-- {} in {}\n\
         -- about {} to read (source rows and history), {} to swap",
        window.start,
        window.as_of,
        window.last_complete,
        output::counted(selection.candidates.len() as u64, "account"),
        output::counted(batches.len() as u64, "batch"),
        output::counted(rows, "row"),
        output::counted(partitions as u64, "partition"),
    ));
    let Some(table) = options.tables.first().filter(|_| !batches.is_empty()) else {
        return Ok(ExitCode::Done);
    };
    let settings = staging::make_statement(db, table).settings_script();
    output::print(&format!("-- the first batch, into working tables of its own\n\n{settings}"));
    for statement in statements {
        output::print(&format!("{statement}\n"));
    }
    output::print(
        "-- checked, then published: per account and table\n\
         --   ALTER TABLE <table> REPLACE PARTITION <account> FROM <working table>;\n\
         -- and dropped: DROP TABLE <working table>;",
    );
    Ok(ExitCode::Done)
}
