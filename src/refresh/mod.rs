//! The refresh: stage, audit, publish, check, batch by batch, each account swapped atomically.

pub mod audit;
pub mod batch;
pub mod batches;
mod error_scope;
pub mod forget;
mod free_space;
pub mod late;
mod options;
pub mod partitions;
mod plan;
pub mod privilege;
mod progress;
pub mod publish;
pub mod recovery;
mod replica;
pub mod report;
pub mod run_log;
pub mod selection;
pub mod snapshot;
pub mod source_reach;
pub mod source_rows;
pub mod staging;
pub mod window;
pub mod witness;
mod working_table;

pub use options::{Options, tables_named};
pub use plan::Plan;

use std::sync::atomic::AtomicBool;
use std::time::Instant;

use anyhow::Result;
use tracing::{info, warn};

use crate::account::AccountId;
use crate::db::failpoint::{self, Step};
use crate::db::{self, Db};
use crate::exit::ExitCode;
use crate::exit::stop::Stop;
use crate::lock::{self, Done};
use crate::schema::preflight;
use crate::{outlook, output, sql};
use batch::Job;
use batches::Batch;
use progress::Progress;
use report::{Refusal, Report};
use window::{Clock, Window};
use witness::Witness;

/// How a run goes, beside what it refreshes.
#[derive(Clone, Copy, Debug)]
pub struct Order {
    /// Until when it waits for another run to end.
    pub deadline: Instant,
    /// Only accounts with late rows, each from the week of its earliest late row on.
    pub late: bool,
    /// Whether it forecasts revenue afterwards.
    pub forecast: bool,
}

/// The whole run: privileges, the lock, the schema, the work, and the lock is given back.
///
/// # Errors
///
/// What keeps the run as a whole from its work. What befalls single accounts is in the report.
pub async fn run(db: &Db, options: &Options, order: Order, stop: &Stop) -> Result<Done<Report>> {
    let forecasts = order.forecast && options.tables.iter().any(|table| table.name == outlook::STANDS_ON);
    let mut privileges = privilege::to_refresh(db, &options.tables);
    if forecasts {
        privileges.extend(privilege::to_look_ahead());
    }
    privilege::refuse_missing(&db.interruptible(), &privileges).await?;
    let db = &db.for_a_run().await?;
    let work = async {
        replica::catch_up(db).await?;
        let (report, accounts) = match order.late {
            true => refresh_late(db, options, stop).await?,
            false => (plan_and_refresh(db, options, stop).await?, options.accounts.clone()),
        };
        Ok(match forecasts {
            true => look_ahead(db, report, accounts, stop).await,
            false => report,
        })
    };
    lock::hold(db, order.deadline, stop, work).await
}

async fn plan_and_refresh(db: &Db, options: &Options, stop: &Stop) -> Result<Report> {
    // Both futures are larger than a stack should bear.
    let plan = Box::pin(Plan::checked(&db.interruptible(), options)).await?;
    Box::pin(carry_out(db, options, plan, stop)).await
}

async fn refresh_late(db: &Db, options: &Options, stop: &Stop) -> Result<(Report, Vec<AccountId>)> {
    let reading = db.interruptible();
    preflight::check(&reading).await?;
    let clock = Clock::read(&reading).await?;
    let groups = late::groups(&reading, options, clock).await?;
    let mut report = Report::new(db.run_id(), db.target(), Window::new(None, 1, clock)?);
    for group in &groups {
        if stop.code().is_some() {
            break;
        }
        report.add(plan_and_refresh(db, group, stop).await?);
    }
    Ok((report, groups.into_iter().flat_map(|group| group.accounts).collect()))
}

/// Forecasts the revenue of these accounts, or of all that were refreshed.
async fn look_ahead(db: &Db, report: Report, accounts: Vec<AccountId>, stop: &Stop) -> Report {
    if stop.code().is_some() || report.published + report.already_done == 0 {
        return report;
    }
    let window = &report.window;
    let options = outlook::Options {
        accounts,
        made_on: window.as_of,
        last_complete: window.last_complete,
        today: window.today(),
        now: window.updated_at,
    };
    let outlook = Some(outlook::run(&db.with_stop(stop).interruptible(), &options).await);
    Report { outlook, ..report }
}

/// Refreshes as planned, under the lock.
///
/// A run that is asked to stop ends well: what it swapped is in the report, what it did not is as before.
async fn carry_out(db: &Db, options: &Options, plan: Plan, stop: &Stop) -> Result<Report> {
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
    let stored = partitions::stored_rows(&selection.partitions);
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
            again = partitions::of_tables(&db.interruptible(), &names, &[]).await?;
            stored_again = partitions::stored_rows(&again);
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

/// Removes what broken runs left. The caller holds the lock.
pub async fn remove_left_behind(db: &Db) -> Result<()> {
    remove(db, &working_table::left_behind(db).await?).await
}

async fn remove(db: &Db, left_behind: &[String]) -> Result<()> {
    for name in left_behind {
        if replica::keeps(db, name).await? {
            continue;
        }
        info!(table = name, "removing a working table that a broken run left behind");
        db.statement(&sql::DROP_TABLE).param("table", name).execute().await?;
    }
    Ok(())
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
