//! One batch: stage all tables, audit, publish each account, check the effect, write the log.
//! A batch that cannot be computed is halved until the account that is to blame stands alone.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::Result;
use futures_util::{StreamExt, future, stream};
use tracing::{debug, info, warn};

use super::accounts::{self, Batch, StoredRows};
use super::audit::{self, Findings, Objection, Rows};
use super::report::Report;
use super::window::Window;
use super::{Options, blame, publish, snapshot, staging};
use crate::account::AccountId;
use crate::db::{Db, QueryError};
use crate::fault::{self, Step};
use crate::lock;
use crate::output::EACH_TABLE;
use crate::retry::CANNOT_CONVERT_TYPE;
use crate::run_log::{self, Entry, Outcome, State};
use crate::schema::{SourceSnapshot, SummaryTable};
use crate::stop::Stop;

/// How long the lock counts as ours after it was seen to be.
const LOCK_LOOK: Duration = Duration::from_secs(1);

/// Tables from snapshots that are staged side by side. Each holds its batch in memory, and each writes on one thread.
const SHARING_AT_ONCE: usize = 2;

/// The same of tables with a source of their own, beside those.
const ALONE_AT_ONCE: usize = 1;

/// What all batches of a run share.
#[derive(Clone, Copy)]
pub struct Job<'run> {
    /// The database.
    pub db: &'run Db,
    /// What was asked for.
    pub options: &'run Options,
    /// The dates.
    pub window: &'run Window,
    /// Asks for an early end.
    pub stop: &'run Stop,
    /// The engine of the summary tables.
    pub summary_engine: &'run str,
    /// What the tables stored before the run. Nobody but this run changes that, and no account comes twice.
    pub stored: &'run StoredRows<'run>,
    /// Whether working tables of an earlier batch may still be there.
    pub leftovers: &'run AtomicBool,
}

/// A batch at work.
pub struct Work<'run> {
    job: Job<'run>,
    /// What is told at the end.
    report: &'run mut Report,
    /// The same database, for what a stop may end at once.
    reading: Db,
    /// When the lock was last seen to be ours.
    lock_seen: Option<Instant>,
    /// Whether the accounts are those that a broken run left.
    redoes: bool,
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
        Work { reading: job.db.interruptible(), job: *job, report, lock_seen: None, redoes: false }
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
            let outcome = self.run_once(&batch).await;
            self.drop_working_tables().await;
            waiting.extend(outcome?);
        }
        Ok(())
    }

    /// Refreshes these accounts, or returns the smaller batches that are worth a try.
    async fn run_once(&mut self, batch: &Batch) -> Result<Vec<Batch>> {
        let started = Instant::now();
        let prepared = self.prepare(batch).await;
        self.report.staging_ms += started.elapsed().as_millis() as u64;
        let error = match prepared {
            Ok(prepared) => return self.finish(prepared, started).await.map(|()| Vec::new()),
            Err(error) if !blame::has_remedy(&error) => return Err(error),
            Err(error) => error,
        };
        match batch.accounts.as_slice() {
            [account] if blame::is_about_the_data(&error) => {
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

    /// Stages and audits: all that readers do not notice, and that a stop may end at any time.
    async fn prepare(&mut self, batch: &Batch) -> Result<Prepared> {
        let Staged { findings, rejected } = self.stage(batch).await?;
        for (account, rows) in &rejected {
            warn!(
                account,
                rows, "source rows left out: conversion_value is not finite, negative or above 1e9"
            );
        }
        self.report.rows_rejected.extend(rejected.clone());
        let ready = self.passed(&batch.accounts, findings, &rejected).await?;
        Ok(Prepared { ready, rejected })
    }

    /// Fills the staging tables and audits each, some at a time: those with a source of their own beside those that
    /// wait for the snapshots. One that fails lets the others end, so that none is still being written when the batch
    /// is tried again.
    async fn stage(&self, batch: &Batch) -> Result<Staged> {
        let Job { options: Options { tables, allow_shrink, .. }, window, stored, .. } = self.job;
        let is_clean = !self.job.leftovers.load(Ordering::Relaxed);
        let work = async |table: &'static SummaryTable| {
            staging::stage(&self.reading, table, window, batch, is_clean).await?;
            let audit = audit::audit(&self.reading, table, window, batch, stored, *allow_shrink);
            let findings = fault::step(Step::Audit, audit).await?;
            let rows = findings.values().flatten().map(|rows| rows.written + rows.kept).sum();
            staging::merge(&self.reading, table, rows).await?;
            anyhow::Ok((table.name, findings))
        };
        let (sharing, alone): (Vec<_>, Vec<_>) = tables.iter().partition(|table| !table.snapshots.is_empty());
        let from_snapshots = async {
            let rejected = self.take_snapshots(batch).await?;
            let findings =
                stream::iter(sharing).map(&work).buffered(SHARING_AT_ONCE).collect::<Vec<_>>().await;
            anyhow::Ok((findings, rejected))
        };
        let from_sources = stream::iter(alone).map(&work).buffered(ALONE_AT_ONCE).collect::<Vec<_>>();
        let (from_snapshots, from_sources) = tokio::join!(from_snapshots, from_sources);
        let (findings, rejected) = from_snapshots?;
        let findings = findings.into_iter().chain(from_sources).collect::<Result<BTreeMap<_, _>>>()?;
        Ok(Staged { findings, rejected })
    }

    /// Copies the sources that tables share; returns the rows that were left out, by account.
    async fn take_snapshots(&self, batch: &Batch) -> Result<BTreeMap<String, u64>> {
        let Job { window, summary_engine, leftovers, .. } = self.job;
        let is_clean = !leftovers.load(Ordering::Relaxed);
        let take = async |source: &'static SourceSnapshot| {
            let statement =
                snapshot::statement(&self.reading, source, summary_engine, window, &batch.accounts);
            snapshot::take(&self.reading, source, batch.threaded(statement), is_clean).await?;
            snapshot::rejected(&self.reading, source, window).await
        };
        let sources = snapshot::needed(&self.job.options.tables);
        let taken = future::join_all(sources.into_iter().map(take)).await;
        let mut rejected = BTreeMap::new();
        for rows in taken {
            for (account, rows) in rows? {
                *rejected.entry(account).or_default() += rows;
            }
        }
        Ok(rejected)
    }

    /// What stays behind is removed before the next batch makes its own, or by the next run.
    async fn drop_working_tables(&self) {
        let (db, tables) = (self.job.db, &self.job.options.tables);
        let snapshots = snapshot::needed(tables);
        let dropping = async {
            let dropped = tokio::join!(
                future::try_join_all(tables.iter().map(|table| staging::drop(db, table))),
                future::try_join_all(snapshots.into_iter().map(|source| snapshot::drop(db, source))),
            );
            dropped.0.and(dropped.1)
        };
        let dropped = fault::step(Step::DropStaging, dropping).await;
        self.job.leftovers.store(dropped.is_err(), Ordering::Relaxed);
        if let Err(error) = dropped {
            warn!("working tables stay for now: {error:#}");
        }
    }

    /// Publishes, checks and logs what is staged.
    async fn finish(&mut self, prepared: Prepared, started: Instant) -> Result<()> {
        let Prepared { ready, rejected } = prepared;
        let announced = self.log(&ready, State::Publishing, &rejected, started);
        fault::step(Step::LogPublishing, announced).await?;
        let swapping = Instant::now();
        let mut waiting = ready.into_iter();
        let mut done = Vec::new();
        let mut outcome = Ok(());
        while self.job.stop.code().is_none()
            && outcome.is_ok()
            && let Some(ready) = waiting.next()
        {
            debug!(account = ready.account.as_str(), "publishing");
            match self.publish(&ready).await {
                Ok(true) => done.push(ready),
                Ok(false) => {}
                Err(error) => outcome = Err(error),
            }
        }
        self.report.publishing_ms += swapping.elapsed().as_millis() as u64;
        let settled = self.settle(done, waiting.collect(), &rejected, started).await;
        outcome.and(settled)
    }

    /// Swaps an account's tables. What is wrong with this account alone is noted, and the run goes on.
    async fn publish(&mut self, ready: &Ready) -> Result<bool> {
        let tables = &self.job.options.tables;
        for (index, (table, rows)) in tables.iter().zip(&ready.rows).enumerate() {
            let swap = async {
                self.refuse_if_lock_is_lost().await?;
                publish::publish(self.job.db, table, &ready.account, *rows).await
            };
            let started = Instant::now();
            match fault::step(Step::Swap, swap).await {
                Ok(()) => info!(
                    target: EACH_TABLE,
                    account = ready.account.as_str(),
                    table = table.name,
                    rows = rows.written + rows.kept,
                    elapsed_ms = started.elapsed().as_millis() as u64,
                    "published"
                ),
                // Tables before this one keep the state `publishing`: the next run does the account again.
                Err(error) if blame::is_about_the_data(&error) => {
                    self.refuse(&ready.account, &tables[index..], &error).await?;
                    return Ok(false);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }

    /// Asks who holds the lock, unless that was asked within the last second.
    async fn refuse_if_lock_is_lost(&mut self) -> Result<()> {
        if self.lock_seen.is_none_or(|seen| seen.elapsed() > LOCK_LOOK) {
            lock::refuse_if_lost(self.job.db).await?;
            self.lock_seen = Some(Instant::now());
        }
        Ok(())
    }

    /// Checks and logs the accounts that were swapped, and takes back the announcement for those that were not.
    async fn settle(
        &mut self,
        done: Vec<Ready>,
        untouched: Vec<Ready>,
        rejected: &BTreeMap<String, u64>,
        started: Instant,
    ) -> Result<()> {
        let done = self.checked(done).await?;
        self.count(&done);
        fault::step(Step::LogResults, self.log(&done, State::Published, rejected, started)).await?;
        if self.redoes {
            return Ok(());
        }
        let outcome = Outcome { error: "the run ended before its swap".to_owned(), ..Outcome::default() };
        let not_reached = untouched.iter().flat_map(|ready| {
            self.entries(&ready.account, &self.job.options.tables, State::Failed, &outcome)
        });
        run_log::write(self.job.db, &not_reached.collect::<Vec<_>>()).await
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

    /// The accounts whose published rows are really there.
    async fn checked(&mut self, published: Vec<Ready>) -> Result<Vec<Ready>> {
        let tables = &self.job.options.tables;
        let names: Vec<&str> = tables.iter().map(|table| table.name).collect();
        let accounts: Vec<&str> = published.iter().map(|ready| ready.account.as_str()).collect();
        if accounts.is_empty() {
            return Ok(published);
        }
        let look = accounts::partitions(self.job.db, &names, &accounts);
        let stored: BTreeMap<_, _> = fault::step(Step::Check, look)
            .await?
            .into_iter()
            .map(|it| ((it.table_name, it.klaviyo_public_id), it.stored_rows))
            .collect();
        let mut wrong: BTreeMap<AccountId, String> = BTreeMap::new();
        for ready in &published {
            for (table, rows) in tables.iter().zip(&ready.rows) {
                let key = (table.name.to_owned(), ready.account.to_string());
                let (expected, found) =
                    (rows.written + rows.kept, stored.get(&key).copied().unwrap_or_default());
                if found != expected {
                    let text = format!("`{}` has {found} rows after publishing {expected}", table.name);
                    wrong.entry(ready.account.clone()).or_insert(text);
                }
            }
        }
        for (account, reason) in &wrong {
            warn!(account = account.as_str(), "{reason}");
            self.report.fail(account, reason);
            let outcome = Outcome { error: reason.clone(), ..Outcome::default() };
            let entries = self.entries(account, &self.job.options.tables, State::Failed, &outcome);
            run_log::write(self.job.db, &entries).await?;
        }
        Ok(published.into_iter().filter(|ready| !wrong.contains_key(&ready.account)).collect())
    }

    fn count(&mut self, done: &[Ready]) {
        self.report.published += done.len() as u64;
        for ready in done {
            for (table, rows) in self.job.options.tables.iter().zip(&ready.rows) {
                *self.report.rows_written.entry(table.name.to_owned()).or_default() += rows.written;
                *self.report.rows_kept.entry(table.name.to_owned()).or_default() += rows.kept;
            }
        }
    }

    /// Notes one account that cannot be computed, with the column that overflows if that is the cause.
    async fn refuse(
        &mut self,
        account: &AccountId,
        tables: &[&SummaryTable],
        error: &anyhow::Error,
    ) -> Result<()> {
        let overflow = match QueryError::code_of(error) {
            Some(CANNOT_CONVERT_TYPE) => {
                let Job { db, options, window, .. } = self.job;
                blame::overflow(db, &options.tables, window, account).await?
            }
            _ => None,
        };
        let (state, reason) = match overflow {
            Some(reason) => (State::HeldBack, reason),
            None => (State::Failed, format!("{error:#}")),
        };
        warn!(account = account.as_str(), state = state.word(), "{reason}");
        match state {
            State::HeldBack => self.report.hold_back(account, &reason),
            _ => self.report.fail(account, &reason),
        }
        let outcome = Outcome { error: reason, ..Outcome::default() };
        run_log::write(self.job.db, &self.entries(account, tables, state, &outcome)).await
    }

    async fn log(
        &self,
        accounts: &[Ready],
        state: State,
        rejected: &BTreeMap<String, u64>,
        started: Instant,
    ) -> Result<()> {
        let mut entries = Vec::new();
        for ready in accounts {
            for (table, rows) in self.job.options.tables.iter().zip(&ready.rows) {
                let is_gone = state == State::Published && rows.written + rows.kept == 0 && rows.present > 0;
                let outcome = Outcome {
                    rows_written: rows.written,
                    rows_kept: rows.kept,
                    rows_rejected: rejected.get(ready.account.as_str()).copied().unwrap_or_default(),
                    duration_ms: started.elapsed().as_millis() as u64,
                    error: String::new(),
                };
                let state = if is_gone { State::Dropped } else { state };
                entries.push(Entry::new(self.job.db, self.job.window, &ready.account, table, state, outcome));
            }
        }
        run_log::write(self.job.db, &entries).await
    }

    fn entries(
        &self,
        account: &AccountId,
        tables: &[&SummaryTable],
        state: State,
        outcome: &Outcome,
    ) -> Vec<Entry> {
        let entry = |table: &&SummaryTable| {
            Entry::new(self.job.db, self.job.window, account, table, state, outcome.clone())
        };
        tables.iter().map(entry).collect()
    }
}
