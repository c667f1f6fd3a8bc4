//! One batch: stage all tables, audit, publish each account, check the effect, write the log.
//! A batch that cannot be computed is halved until the account that is to blame stands alone.

mod outcomes;
mod publishing;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use anyhow::Result;
use futures_util::{StreamExt, future, stream};
use tokio::sync::Mutex;
use tracing::{debug, warn};

use super::audit::{Audit, Findings, Objection, Rows};
use super::batches::Batch;
use super::partitions::StoredRows;
use super::progress::Progress;
use super::report::Report;
use super::source_reach::SourceReach;
use super::window::Window;
use super::witness::Witness;
use super::{Options, error_scope, snapshot, staging, working_table};
use crate::account::AccountId;
use crate::db::Db;
use crate::db::failpoint::{self, Step};
use crate::exit::stop::Stop;
use crate::exit::{ExitCode, Failure};
use crate::refresh::run_log::{self, Outcome, State};
use crate::schema::{SourceSnapshot, SummaryTable};

/// Tables from snapshots that are staged side by side. Each holds its batch in memory, and each writes on one thread.
/// A small batch is mostly planning: all of its tables at once. One account that is larger than a batch: one by one.
const SHARING_AT_ONCE: usize = 2;

/// How many tables with a source of their own are staged beside those.
const ALONE_AT_ONCE: usize = 1;

/// Restarts of the server after which a batch is given up.
const RESTARTS: u32 = 5;

/// What all batches of a run share.
#[derive(Clone, Copy)]
pub struct Job<'run> {
    /// Where everything happens; a request to stop does not break its statements off.
    pub db: &'run Db,
    /// What was asked for.
    pub options: &'run Options,
    /// The dates that are computed anew.
    pub window: &'run Window,
    /// Asks for an early end.
    pub stop: &'run Stop,
    /// Decides where copies of sources live: in memory, or where every replica sees them.
    pub summary_engine: &'run str,
    /// What the tables stored before the run. Nobody but this run changes that, and no account comes twice.
    pub stored: &'run StoredRows<'run>,
    /// How far the sources reached before they were copied.
    pub sources: &'run SourceReach,
    /// Whether working tables of an earlier batch may still be there.
    pub leftovers: &'run AtomicBool,
    /// Tells whether the copies of the sources are still what they were.
    pub witness: &'run Witness<'run>,
    /// Where people see how far the run is.
    pub progress: &'run Progress,
}

impl Job<'_> {
    /// What stays behind is removed before the next batch makes its own, or by the next run.
    async fn drop_working_tables(&self) {
        let (db, tables) = (self.db, &self.options.tables);
        let copies = snapshot::needed(tables).into_iter().map(|source| source.name);
        let objects = tables.iter().map(|table| table.name).chain(copies);
        let dropping = future::try_join_all(objects.map(|object| working_table::drop(db, object)));
        let dropped = failpoint::step(Step::DropStaging, dropping).await;
        self.leftovers.store(dropped.is_err(), Ordering::Relaxed);
        if let Err(error) = dropped {
            match self.db.is_server_gone() {
                true => debug!("working tables stay for now: {error:#}"),
                false => warn!("working tables stay for now: {error:#}"),
            }
        }
    }
}

/// A batch at work.
pub struct Work<'run> {
    job: Job<'run>,
    /// What is told at the end.
    report: &'run mut Report,
    /// The same database, for what a stop may end at once.
    reading: Db,
    /// When the lock was last seen to be ours.
    lock_seen: Mutex<Option<Instant>>,
    /// Whether the accounts are those that a broken run left.
    redoes: bool,
    /// The inserts that computed each table of the batch.
    query_ids: Mutex<BTreeMap<&'static str, Vec<String>>>,
    /// How often the server started again while this was computed.
    restarts: u32,
}

/// What the staging tables hold, and what did not come into them.
struct Staged {
    findings: BTreeMap<&'static str, Findings>,
    rejected: BTreeMap<String, u64>,
}

/// A staged and audited batch.
struct Prepared {
    ready: Vec<Ready>,
    rejected: BTreeMap<String, u64>,
}

/// An account that passed the audit, with its rows by table in the order of publishing.
struct Ready {
    account: AccountId,
    rows: Vec<Rows>,
}

impl<'run> Work<'run> {
    /// A batch of this run.
    pub fn new(job: &Job<'run>, report: &'run mut Report) -> Work<'run> {
        Work {
            reading: job.db.interruptible(),
            job: *job,
            report,
            lock_seen: Mutex::default(),
            redoes: false,
            query_ids: Mutex::default(),
            restarts: 0,
        }
    }

    /// The same for accounts that a broken run left in the middle: what is not reached stays announced.
    pub fn redoing(self) -> Self {
        Work { redoes: true, ..self }
    }

    /// Refreshes these accounts. An error ends the whole run; what is wrong with one account goes to the report.
    pub async fn run(&mut self, batch: &Batch) -> Result<()> {
        let mut waiting = vec![batch.clone()];
        while let Some(batch) = waiting.pop() {
            if self.job.stop.code().is_some() {
                return Ok(());
            }
            waiting.extend(self.run_once(&batch).await?);
        }
        Ok(())
    }

    /// Refreshes these accounts, or returns the smaller batches that are worth a try.
    async fn run_once(&mut self, batch: &Batch) -> Result<Vec<Batch>> {
        let started = Instant::now();
        let prepared = self.prepare(batch).await;
        self.report.staging_ms += started.elapsed().as_millis() as u64;
        match prepared {
            Ok(Some(prepared)) => self.finish(prepared, started).await.map(|()| Vec::new()),
            Ok(None) => self.after_a_restart(batch).await,
            Err(error) => {
                let smaller = self.without_what_is_to_blame(batch, error).await;
                self.job.drop_working_tables().await;
                smaller
            }
        }
    }

    /// The batches to try after this error: the halves of this one, or none but a word about its only account.
    async fn without_what_is_to_blame(&mut self, batch: &Batch, error: anyhow::Error) -> Result<Vec<Batch>> {
        if !error_scope::has_remedy(&error) {
            return Err(error);
        }
        match batch.accounts.as_slice() {
            [account] if error_scope::is_about_the_data(&error) => {
                self.refuse(account, &self.job.options.tables, &error).await?;
                Ok(Vec::new())
            }
            [_] => Err(error),
            accounts => {
                warn!(accounts = accounts.len(), "batch halved: {error:#}");
                let [left, right] = batch.halves();
                Ok(vec![right, left])
            }
        }
    }

    /// The batch once more: a restart took its copies of the sources, and what was computed from them is worth nothing.
    async fn after_a_restart(&mut self, batch: &Batch) -> Result<Vec<Batch>> {
        self.job.drop_working_tables().await;
        self.restarts += 1;
        if self.restarts > RESTARTS {
            let message = format!("the server started again {RESTARTS} times while one batch was computed");
            let hint = "look at the server's log: out of memory, or stopped by its supervisor";
            return Err(Failure::new(ExitCode::Unreachable, message).hint(hint).into());
        }
        warn!(accounts = batch.accounts.len(), "the server started again: its batch is computed anew");
        Ok(vec![batch.clone()])
    }

    /// Stages and audits: all that readers do not notice, and that a stop may end at any time. None where the server
    /// started again meanwhile.
    async fn prepare(&mut self, batch: &Batch) -> Result<Option<Prepared>> {
        self.job.witness.call(&self.job.options.tables).await?;
        let staged = self.stage(batch).await;
        // Nothing is concluded from copies that may be empty: no rows, no objection, no blame.
        let is_conclusive = staged.as_ref().err().is_none_or(error_scope::has_remedy);
        if is_conclusive && !self.job.witness.vouches().await? {
            return Ok(None);
        }
        let Staged { findings, rejected } = staged?;
        for (account, rows) in &rejected {
            warn!(
                account,
                rows, "source rows left out: conversion_value is not finite, negative or above 1e9"
            );
        }
        self.report.rows_rejected.extend(rejected.clone());
        let ready = self.passed(&batch.accounts, findings, &rejected).await?;
        Ok(Some(Prepared { ready, rejected }))
    }

    /// Fills the staging tables and audits each, some at a time: those with a source of their own beside those that
    /// wait for the snapshots. One that fails lets the others end, so that none is still being written when the batch
    /// is tried again.
    async fn stage(&self, batch: &Batch) -> Result<Staged> {
        let Job { options: Options { tables, allow_shrink, .. }, window, stored, .. } = self.job;
        let is_clean = !self.job.leftovers.load(Ordering::Relaxed);
        let work = async |table: &'static SummaryTable| {
            let ids = staging::stage(&self.reading, table, window, batch, stored, is_clean).await?;
            self.query_ids.lock().await.insert(table.name, ids);
            let audit = Audit { db: &self.reading, table, window, stored, allow_shrink: *allow_shrink };
            let findings = failpoint::step(Step::Audit, audit.run(batch)).await?;
            let rows = findings.values().flatten().map(|rows| rows.written + rows.kept).sum();
            staging::merge(&self.reading, table, batch, rows).await?;
            self.job.progress.staged(batch.accounts.len());
            anyhow::Ok((table.name, findings))
        };
        let (sharing, alone): (Vec<_>, Vec<_>) = tables.iter().partition(|table| !table.snapshots.is_empty());
        let at_once = |most: usize| match batch.is_small() {
            true => tables.len(),
            false if batch.is_large() => 1,
            false => most,
        };
        let from_snapshots = async {
            self.take_snapshots(batch).await?;
            let staged =
                stream::iter(sharing).map(&work).buffered(at_once(SHARING_AT_ONCE)).collect::<Vec<_>>();
            anyhow::Ok(tokio::join!(staged, self.rejected()))
        };
        let from_sources =
            stream::iter(alone).map(&work).buffered(at_once(ALONE_AT_ONCE)).collect::<Vec<_>>();
        let (from_snapshots, from_sources) = tokio::join!(from_snapshots, from_sources);
        let (findings, rejected) = from_snapshots?;
        let rejected = rejected?;
        let findings = findings.into_iter().chain(from_sources).collect::<Result<BTreeMap<_, _>>>()?;
        Ok(Staged { findings, rejected })
    }

    /// Copies the sources that tables share.
    async fn take_snapshots(&self, batch: &Batch) -> Result<()> {
        let Job { window, summary_engine, leftovers, .. } = self.job;
        let is_clean = !leftovers.load(Ordering::Relaxed);
        let take = |source: &'static SourceSnapshot| {
            let statements =
                snapshot::statements(&self.reading, source, summary_engine, window, &batch.accounts);
            let statements = statements.into_iter().map(|statement| batch.threaded(statement)).collect();
            snapshot::take(&self.reading, source, statements, is_clean)
        };
        let taken = future::join_all(snapshot::needed(&self.job.options.tables).into_iter().map(take)).await;
        taken.into_iter().collect()
    }

    /// The rows of the copies that were left out, by account.
    async fn rejected(&self) -> Result<BTreeMap<String, u64>> {
        let sources = snapshot::needed(&self.job.options.tables).into_iter();
        let found = sources.map(|source| snapshot::rejected(&self.reading, source, self.job.window));
        let mut rejected = BTreeMap::new();
        for (account, rows) in future::try_join_all(found).await?.into_iter().flatten() {
            *rejected.entry(account).or_default() += rows;
        }
        Ok(rejected)
    }

    /// The accounts that every table's audit lets pass.
    async fn passed(
        &mut self,
        accounts: &[AccountId],
        mut findings: BTreeMap<&'static str, Findings>,
        rejected: &BTreeMap<String, u64>,
    ) -> Result<Vec<Ready>> {
        let mut rows: BTreeMap<&AccountId, Vec<Rows>> = BTreeMap::new();
        let mut objections: BTreeMap<&AccountId, Objection> = BTreeMap::new();
        for table in &self.job.options.tables {
            let mut findings = findings.remove(table.name).unwrap_or_default();
            for account in accounts {
                match findings.remove(account) {
                    Some(Ok(found)) => rows.entry(account).or_default().push(found),
                    Some(Err(objection)) => drop(objections.entry(account).or_insert(objection)),
                    None => {}
                }
            }
        }
        let mut entries = Vec::new();
        for (account, objection) in &objections {
            let (state, reason) = match objection {
                Objection::Fault(reason) => (State::Failed, reason),
                Objection::Shrink(reason) => (State::HeldBack, reason),
            };
            warn!(account = account.as_str(), state = state.word(), "{reason}");
            match objection {
                Objection::Fault(_) => self.report.fail(account, reason),
                Objection::Shrink(_) => self.report.hold_back(account, reason),
            }
            let rows_rejected = rejected.get(account.as_str()).copied().unwrap_or_default();
            let outcome = Outcome { error: reason.clone(), rows_rejected, ..Outcome::default() };
            entries.extend(self.entries(account, &self.job.options.tables, state, &outcome));
        }
        run_log::write(self.job.db, &entries).await?;
        let passed = rows.into_iter().filter(|(account, _)| !objections.contains_key(account));
        Ok(passed.map(|(account, rows)| Ready { account: account.clone(), rows }).collect())
    }
}
