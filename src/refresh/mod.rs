//! The refresh: stage, audit, publish, check, batch by batch, each account swapped atomically.

pub mod accounts;
pub mod audit;
pub mod batch;
mod error_scope;
pub mod forget;
pub mod privilege;
mod progress;
pub mod publish;
pub mod recovery;
pub mod report;
pub mod run_log;
pub mod snapshot;
pub mod source_reach;
pub mod staging;
pub mod window;
pub mod witness;
mod working_table;

use std::sync::atomic::AtomicBool;
use std::time::Instant;

use anyhow::Result;
use chrono::NaiveDate;
use tracing::{info, warn};

use crate::account::AccountId;
use crate::db::failpoint::{self, Step};
use crate::db::{self, Db};
use crate::exit::stop::Stop;
use crate::exit::{ExitCode, Failure};
use crate::output;
use crate::schema::SummaryTable;
use crate::schema::capacity::{self, Crowded};
use crate::sql;
use accounts::{Batch, Selection};
use batch::Job;
use progress::Progress;
use recovery::Broken;
use report::{Refusal, Report};
use window::{Clock, Window};
use witness::Witness;

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

/// What a run is going to do: read before its first write.
#[derive(Debug)]
pub struct Plan {
    /// The dates.
    pub window: Window,
    /// The accounts.
    pub selection: Selection,
    broken: Vec<Broken>,
    left_behind: Vec<String>,
    already_done: usize,
    /// Accounts that left and are not to come back unasked.
    ignored: Vec<AccountId>,
    /// The engine of the summary tables.
    pub summary_engine: String,
    warnings: Vec<String>,
    started: Instant,
}

impl Plan {
    /// Reads first what needs no dates, and with the clock's answer all the rest.
    pub async fn read(db: &Db, options: &Options) -> Result<Plan> {
        let started = Instant::now();
        let (clock, partitions, broken, left_behind, summary_engine, crowded) = tokio::try_join!(
            Clock::read(db),
            accounts::all_partitions(db, &options.accounts),
            recovery::find(db),
            left_behind(db),
            snapshot::engine_beside(db),
            crowded(db, options),
        )?;
        let window = Window::new(options.as_of, options.days, clock)?;
        let select = accounts::select(db, &window, &options.accounts, partitions);
        let (mut selection, done, cut_week, ignored) = tokio::try_join!(
            failpoint::step(Step::ListAccounts, select),
            already_published(db, &window, options),
            cut_week(db, &window, options),
            ignored(db, options),
        )?;
        selection.leave_out(&ignored);
        let ignored = ignored.iter().filter_map(|id| AccountId::new(id)).collect();
        selection.put_first(&recovery::accounts(&broken));
        let already_done = selection.leave_out(&done);
        let stopped = stopped_sources(&selection, &window, options);
        let warnings: Vec<String> =
            crowded.iter().map(ToString::to_string).chain(cut_week).chain(stopped).collect();
        for warning in &warnings {
            warn!("{warning}");
        }
        Ok(Plan {
            window,
            selection,
            broken,
            left_behind,
            already_done,
            ignored,
            summary_engine,
            warnings,
            started,
        })
    }

    /// The accounts in the batches that they are computed in.
    pub fn batches(&self, options: &Options) -> Vec<Batch> {
        accounts::batches(&self.selection.candidates, options.accounts_per_batch)
    }
}

/// Plans and refreshes. The caller has checked the schema.
pub async fn run(db: &Db, options: &Options, stop: &Stop) -> Result<Report> {
    let plan = Plan::read(&db.with_stop(stop).interruptible(), options).await?;
    carry_out(db, options, plan, stop).await
}

/// Refreshes as planned. The caller holds the lock and has checked the schema.
///
/// A run that is asked to stop ends well: what it swapped is in the report, what it did not is as before.
pub async fn carry_out(db: &Db, options: &Options, plan: Plan, stop: &Stop) -> Result<Report> {
    let db = &db.with_stop(stop);
    let started = plan.started;
    let mut report = Report::new(db.run_id(), db.target(), plan.window);
    report.warnings.clone_from(&plan.warnings);
    report.skipped = plan.selection.impossible.iter().map(|id| impossible(id)).collect();
    report.nothing_to_do = plan.selection.nothing_to_do.len() as u64;
    report.already_done = plan.already_done as u64;
    report.ignored = plan.ignored.len() as u64;
    failpoint::step(Step::RemoveLeftBehind, remove(db, &plan.left_behind)).await?;
    note_ignored(db, &plan).await?;
    let witness = Witness::new(db, &plan.summary_engine);
    let outcome = refresh(db, options, &plan, stop, &witness, &mut report).await;
    // A server that is gone need not be waited for: the next run removes the table.
    if !matches!(&outcome, Err(error) if db::exit_code_of(error) == ExitCode::Unreachable) {
        witness.dismiss().await;
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
    plan: &Plan,
    stop: &Stop,
    witness: &Witness<'_>,
    report: &mut Report,
) -> Result<()> {
    let Plan { window, selection, summary_engine, .. } = plan;
    let stored = accounts::stored_rows(&selection.partitions);
    let leftovers = AtomicBool::new(false);
    let progress = Progress::new(selection.candidates.len(), options.tables.len());
    let job = Job {
        db,
        options,
        window,
        stop,
        summary_engine,
        stored: &stored,
        sources: &selection.sources,
        leftovers: &leftovers,
        witness,
        progress: &progress,
    };
    let (again, stored_again);
    let job = match recovery::redo(&job, &plan.broken, selection, report).await? {
        false => job,
        true => {
            let names: Vec<&str> = options.tables.iter().map(|table| table.name).collect();
            again = accounts::partitions(&db.interruptible(), &names, &[]).await?;
            stored_again = accounts::stored_rows(&again);
            Job { stored: &stored_again, ..job }
        }
    };
    let batches = plan.batches(options);
    info!(
        run = db.run_id(),
        "{} in {}, {} to {}",
        output::counted(plan.selection.candidates.len() as u64, "account"),
        output::counted(batches.len() as u64, "batch"),
        plan.window.start,
        plan.window.as_of
    );
    let outcome = run_batches(&job, report, &batches).await;
    progress.clear();
    outcome
}

async fn run_batches(job: &Job<'_>, report: &mut Report, batches: &[Batch]) -> Result<()> {
    for (number, batch) in batches.iter().enumerate() {
        if job.stop.code().is_some() {
            break;
        }
        let started = Instant::now();
        batch::Work::new(job, report).run(batch).await?;
        job.progress.batch_ended(batch.accounts.len());
        if job.progress.is_hidden() && batches.len() > 1 {
            info!(
                accounts = batch.accounts.len(),
                elapsed_ms = started.elapsed().as_millis() as u64,
                "batch {} of {}",
                number + 1,
                batches.len()
            );
        }
    }
    Ok(())
}

fn impossible(id: &str) -> Refusal {
    Refusal { account: output::printable(id), reason: "not a Klaviyo public id".to_owned() }
}

/// Staging tables and put-aside locks of runs that are gone: under the lock nobody else can own one.
async fn left_behind(db: &Db) -> Result<Vec<String>> {
    db.statement(&sql::WORKING_TABLES).fetch_all().await
}

/// Removes what broken runs left. The caller holds the lock.
pub async fn remove_left_behind(db: &Db) -> Result<()> {
    remove(db, &left_behind(db).await?).await
}

async fn remove(db: &Db, left_behind: &[String]) -> Result<()> {
    for name in left_behind {
        info!(table = name, "removing a working table that a broken run left behind");
        db.statement(&sql::DROP_TABLE).param("table", name).execute().await?;
    }
    Ok(())
}

/// Tables with too many partitions. Who waits for some accounts is not told: the run of all accounts says it.
async fn crowded(db: &Db, options: &Options) -> Result<Vec<Crowded>> {
    match options.accounts.as_slice() {
        [] => capacity::crowded(db).await,
        _ => Ok(Vec::new()),
    }
}

/// The accounts that a run of all leaves out.
async fn ignored(db: &Db, options: &Options) -> Result<Vec<String>> {
    if !options.accounts.is_empty() {
        return Ok(Vec::new());
    }
    let left = run_log::left_accounts(db).await?;
    Ok(left.into_iter().filter(run_log::Left::is_ignored).map(|it| it.klaviyo_public_id).collect())
}

/// Notes again who is left out: the log forgets what is old.
async fn note_ignored(db: &Db, plan: &Plan) -> Result<()> {
    let tables = || crate::schema::TABLES.iter();
    let entries = plan.ignored.iter().flat_map(|account| {
        tables().map(|table| {
            let outcome = run_log::Outcome::default();
            run_log::Entry::new(db, &plan.window, account, table, run_log::State::Ignored, outcome)
        })
    });
    run_log::write(db, &entries.collect::<Vec<_>>()).await
}

/// The accounts that `--resume` leaves out.
async fn already_published(db: &Db, window: &Window, options: &Options) -> Result<Vec<String>> {
    match options.resume {
        true => run_log::already_published(db, window, &options.tables).await,
        false => Ok(Vec::new()),
    }
}

/// A run for a past date cuts that date's week short: says so if the tables hold later dates.
async fn cut_week(db: &Db, window: &Window, options: &Options) -> Result<Option<String>> {
    if options.as_of.is_none() || window.as_of == window::sunday(window.as_of) {
        return Ok(None);
    }
    let statement = window.bind(db.statement(&sql::LATER_DATES)).param("accounts", &options.accounts);
    let has_later_dates = statement.fetch_one::<u64>().await? > 0;
    Ok(has_later_dates.then(|| {
        format!(
            "the week of {} is cut at {}: the tables hold later dates, refresh them again without --as-of",
            window::monday(window.as_of),
            window.as_of
        )
    }))
}

/// The most accounts that a warning names.
const NAMED: usize = 5;

/// Sources that end before the last complete day. A run for a past date says nothing about now.
fn stopped_sources(selection: &Selection, window: &Window, options: &Options) -> Option<String> {
    let last_complete = window.last_complete;
    if options.as_of.is_some_and(|as_of| as_of <= last_complete) {
        return None;
    }
    if let Some(end) = selection.sources.end_of_all().filter(|end| *end < last_complete) {
        return Some(format!(
            "all sources end on {end}: no account has a row of {last_complete}, and the days after {end} are missing, \
             not zero"
        ));
    }
    let ended = selection.sources.ended_before(last_complete);
    let named: Vec<String> = ended
        .iter()
        .take(NAMED)
        .map(|(account, end)| format!("{} on {end}", output::printable(account)))
        .collect();
    let more = match ended.len().saturating_sub(NAMED) {
        0 => String::new(),
        count => format!(" (and {count} more)"),
    };
    (!ended.is_empty()).then(|| {
        let accounts = output::counted(ended.len() as u64, "account");
        format!("the sources of {accounts} end before {last_complete}: {}{more}", named.join(", "))
    })
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
