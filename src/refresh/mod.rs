//! The refresh: stage, audit, publish, check, batch by batch, each account swapped atomically.

pub mod accounts;
pub mod audit;
pub mod batch;
pub mod publish;
pub mod recovery;
pub mod report;
pub mod staging;
pub mod window;

use std::time::Instant;

use anyhow::Result;
use chrono::NaiveDate;
use tracing::{info, warn};

use crate::account::AccountId;
use crate::db::Db;
use crate::exit::{ExitCode, Failure};
use crate::fault::{self, Step};
use crate::output;
use crate::partition_count;
use crate::run_log;
use crate::schema::SummaryTable;
use crate::sql;
use crate::stop::Stop;
use report::{Refusal, Report};
use window::{Clock, Window};

/// What to refresh.
#[derive(Clone, Debug)]
pub struct Options {
    /// Accounts; none means all.
    pub accounts: Vec<AccountId>,
    /// Number of dates.
    pub days: u16,
    /// Last date; none means the server's today.
    pub as_of: Option<NaiveDate>,
    /// Tables, in the order of publishing.
    pub tables: Vec<&'static SummaryTable>,
    /// Leave out what a broken run of the same window has done.
    pub resume: bool,
    /// Publish also what lost most of its rows.
    pub allow_shrink: bool,
    /// Accounts in a batch; none means by rows.
    pub accounts_per_batch: Option<u32>,
}

/// Refreshes. The caller holds the lock and has checked the schema.
///
/// A run that is asked to stop ends well: what it swapped is in the report, what it did not is as before.
pub async fn run(db: &Db, options: &Options, stop: &Stop) -> Result<Report> {
    let started = Instant::now();
    let db = &db.with_stop(stop);
    let window = Window::new(options.as_of, options.days, Clock::read(db).await?)?;
    let mut report = Report::new(db.run_id(), db.target(), window);
    fault::step(Step::RemoveLeftBehind, remove_left_behind(db)).await?;
    let outcome = refresh(db, options, &window, stop, &mut report).await;
    for table in &options.tables {
        if let Err(error) = fault::step(Step::DropStaging, staging::drop(db, table)).await {
            warn!(table = table.name, "a staging table stays until the next run: {error:#}");
        }
    }
    match outcome {
        Err(error) if stop.code().is_some() => warn!("stopped: {error:#}"),
        outcome => outcome?,
    }
    report.elapsed_ms = started.elapsed().as_millis() as u64;
    Ok(report)
}

async fn refresh(
    db: &Db,
    options: &Options,
    window: &Window,
    stop: &Stop,
    report: &mut Report,
) -> Result<()> {
    let reading = &db.interruptible();
    warn_of_many_partitions(reading, report).await?;
    warn_of_later_dates(reading, options, window, report).await?;
    let selecting = accounts::select(reading, window, &options.accounts);
    let mut selection = fault::step(Step::ListAccounts, selecting).await?;
    report.skipped = selection.impossible.iter().map(|id| impossible(id)).collect();
    report.nothing_to_do = selection.nothing_to_do.len() as u64;

    let broken = recovery::find(reading).await?;
    selection.put_first(&recovery::accounts(&broken));
    if options.resume {
        let done = run_log::already_published(reading, window, &options.tables).await?;
        report.already_done = selection.leave_out(&done) as u64;
    }
    recovery::redo(db, &broken, &selection, options, window, stop, report).await?;

    let batches = accounts::batches(&selection.candidates, options.accounts_per_batch);
    info!(
        run = db.run_id(),
        "{} accounts in {} batches, {} to {}",
        selection.candidates.len(),
        batches.len(),
        window.start,
        window.as_of
    );
    run_batches(db, options, window, stop, report, &batches).await
}

async fn run_batches(
    db: &Db,
    options: &Options,
    window: &Window,
    stop: &Stop,
    report: &mut Report,
    batches: &[Vec<AccountId>],
) -> Result<()> {
    let bar = output::progress_bar(batches.iter().map(Vec::len).sum::<usize>() as u64, "accounts");
    for (number, accounts) in batches.iter().enumerate() {
        if stop.code().is_some() {
            break;
        }
        let started = Instant::now();
        let outcome = batch::Work::new(db, options, window, stop, report).run(accounts).await;
        if outcome.is_err() {
            bar.finish_and_clear();
            return outcome;
        }
        bar.inc(accounts.len() as u64);
        if bar.is_hidden() && batches.len() > 1 {
            info!(
                accounts = accounts.len(),
                elapsed_ms = started.elapsed().as_millis() as u64,
                "batch {} of {}",
                number + 1,
                batches.len()
            );
        }
    }
    bar.finish_and_clear();
    Ok(())
}

fn impossible(id: &str) -> Refusal {
    Refusal { account: output::printable(id), reason: "not a Klaviyo public id".to_owned() }
}

/// Staging tables and put-aside locks of runs that are gone: under the lock nobody else can own one.
async fn remove_left_behind(db: &Db) -> Result<()> {
    let names: Vec<String> = db.statement(&sql::WORKING_TABLES).fetch_all().await?;
    for name in names {
        info!(table = name, "removing a working table that a broken run left behind");
        db.statement(&sql::DROP_TABLE).param("table", &name).execute().await?;
    }
    Ok(())
}

async fn warn_of_many_partitions(db: &Db, report: &mut Report) -> Result<()> {
    for table in partition_count::crowded(db).await? {
        warn!("{table}");
        report.warnings.push(table.to_string());
    }
    Ok(())
}

/// A run for a past date cuts that date's week short: say so if the tables hold later dates.
async fn warn_of_later_dates(db: &Db, options: &Options, window: &Window, report: &mut Report) -> Result<()> {
    if options.as_of.is_none() || window.as_of == window::sunday(window.as_of) {
        return Ok(());
    }
    let statement = window.bind(db.statement(&sql::LATER_DATES)).param("accounts", &options.accounts);
    if statement.fetch_one::<u64>().await? > 0 {
        let text = format!(
            "the week of {} is cut at {}: the tables hold later dates, refresh them again without --as-of",
            window::monday(window.as_of),
            window.as_of
        );
        warn!("{text}");
        report.warnings.push(text);
    }
    Ok(())
}

/// The tables that `--table` names, in the order of publishing.
pub fn tables_named(names: &[String]) -> Result<Vec<&'static SummaryTable>, Failure> {
    for name in names {
        if SummaryTable::find(name).is_none() {
            let known: Vec<&str> = crate::schema::TABLES.iter().map(|table| table.name).collect();
            let message = format!("`{}` is not a summary table", output::printable(name));
            return Err(Failure::new(ExitCode::Usage, message).hint(format!("one of {}", known.join(", "))));
        }
    }
    let is_named = |table: &&SummaryTable| names.is_empty() || names.iter().any(|name| name == table.name);
    Ok(crate::schema::TABLES.iter().filter(is_named).collect())
}
