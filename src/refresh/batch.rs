//! One batch: stage all tables, audit, publish each account, check the effect, write the log.
//! A batch that cannot be computed is halved until the account that is to blame stands alone.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::Result;
use clickhouse::Row;
use futures_util::{StreamExt, stream};
use serde::Deserialize;
use tracing::{debug, warn};

use super::audit::{self, Findings, Objection, Rows};
use super::report::Report;
use super::window::Window;
use super::{Options, publish, staging};
use crate::account::AccountId;
use crate::db::{Db, QueryError};
use crate::exit::ExitCode;
use crate::fault::{self, Step};
use crate::lock;
use crate::retry::{CANNOT_CONVERT_TYPE, Class, MEMORY_LIMIT_EXCEEDED};
use crate::run_log::{self, Entry, Outcome, State};
use crate::schema::SummaryTable;
use crate::sql;
use crate::stop::Stop;

/// How long the lock counts as ours after it was seen to be.
const LOCK_LOOK: Duration = Duration::from_secs(1);

/// Staging inserts that run side by side. Each holds its table's batch in memory, and each writes on one thread.
const STAGED_AT_ONCE: usize = 3;

/// Reading statements that run side by side: small ones, that wait more than they work.
const READ_AT_ONCE: usize = 7;

/// A batch at work.
pub struct Work<'run> {
    /// The database.
    db: &'run Db,
    /// What was asked for.
    options: &'run Options,
    /// The dates.
    window: &'run Window,
    /// Asks for an early end.
    stop: &'run Stop,
    /// What is told at the end.
    report: &'run mut Report,
    /// The same database, for what a stop may end at once.
    reading: Db,
    /// When the lock was last seen to be ours.
    lock_seen: Option<Instant>,
    /// Whether the accounts are those that a broken run left.
    redoes: bool,
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

#[derive(Debug, Row, Deserialize)]
struct Rejected {
    klaviyo_public_id: String,
    campaign_rows: u64,
    flow_rows: u64,
}

#[derive(Debug, Row, Deserialize)]
struct Overflow {
    #[expect(dead_code, reason = "the check is asked for one account at a time")]
    klaviyo_public_id: String,
    column_name: String,
    value: String,
}

impl<'run> Work<'run> {
    /// A batch of this run.
    pub fn new(
        db: &'run Db,
        options: &'run Options,
        window: &'run Window,
        stop: &'run Stop,
        report: &'run mut Report,
    ) -> Work<'run> {
        Work {
            reading: db.interruptible(),
            db,
            options,
            window,
            stop,
            report,
            lock_seen: None,
            redoes: false,
        }
    }

    /// The same for accounts that a broken run left in the middle: what is not reached stays announced.
    pub fn redoing(self) -> Self {
        Work { redoes: true, ..self }
    }

    /// Refreshes these accounts. An error ends the whole run; what is wrong with one account goes to the report.
    pub async fn run(&mut self, accounts: &[AccountId]) -> Result<()> {
        let mut waiting = vec![accounts.to_vec()];
        while let Some(accounts) = waiting.pop() {
            if self.stop.code().is_some() {
                return Ok(());
            }
            let started = Instant::now();
            let prepared = self.prepare(&accounts).await;
            self.report.staging_ms += started.elapsed().as_millis() as u64;
            match prepared {
                Ok(prepared) => self.finish(prepared, started).await?,
                Err(error) if !has_remedy(&error) => return Err(error),
                Err(error) => match accounts.as_slice() {
                    [account] if is_about_the_data(&error) => {
                        self.refuse(account, &self.options.tables, &error).await?;
                    }
                    [_] => return Err(error),
                    _ => {
                        let (left, right) = accounts.split_at(accounts.len() / 2);
                        warn!(accounts = accounts.len(), "batch halved: {error:#}");
                        waiting.push(right.to_vec());
                        waiting.push(left.to_vec());
                    }
                },
            }
        }
        Ok(())
    }

    /// Stages and audits: all that readers do not notice, and that a stop may end at any time.
    async fn prepare(&mut self, accounts: &[AccountId]) -> Result<Prepared> {
        self.stage(accounts).await?;
        let rejected = self.rejected(accounts).await?;
        let ready = self.audited(accounts, &rejected).await?;
        Ok(Prepared { ready, rejected })
    }

    /// Fills the staging tables, some at a time. One that fails lets the others end, so that none is still being
    /// written when the batch is tried again.
    async fn stage(&self, accounts: &[AccountId]) -> Result<()> {
        let stage = async |table: &&'static SummaryTable| {
            staging::stage(&self.reading, table, self.window, accounts).await
        };
        let staged: Vec<Result<()>> = together(&self.options.tables, STAGED_AT_ONCE, stage).await;
        staged.into_iter().collect()
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
        while self.stop.code().is_none()
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
        let tables = &self.options.tables;
        for (index, (table, rows)) in tables.iter().zip(&ready.rows).enumerate() {
            let swap = async {
                self.refuse_if_lock_is_lost().await?;
                publish::publish(self.db, table, &ready.account, *rows).await
            };
            let started = Instant::now();
            match fault::step(Step::Swap, swap).await {
                Ok(()) => debug!(
                    run = self.db.run_id(),
                    account = ready.account.as_str(),
                    table = table.name,
                    rows = rows.written + rows.kept,
                    elapsed_ms = started.elapsed().as_millis() as u64,
                    "published"
                ),
                // Tables before this one keep the state `publishing`: the next run does the account again.
                Err(error) if is_about_the_data(&error) => {
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
            lock::refuse_if_lost(self.db).await?;
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
        let not_reached = untouched
            .iter()
            .flat_map(|ready| self.entries(&ready.account, &self.options.tables, State::Failed, &outcome));
        run_log::write(self.db, &not_reached.collect::<Vec<_>>()).await
    }

    /// The accounts that every table's audit lets pass.
    async fn audited(
        &mut self,
        accounts: &[AccountId],
        rejected: &BTreeMap<String, u64>,
    ) -> Result<Vec<Ready>> {
        let mut rows: BTreeMap<&AccountId, Vec<Rows>> = BTreeMap::new();
        let mut objections: BTreeMap<&AccountId, Objection> = BTreeMap::new();
        let names: Vec<&str> = self.options.tables.iter().map(|table| table.name).collect();
        let partitions = super::accounts::partitions(&self.reading, &names).await?;
        let stored = partitions
            .iter()
            .map(|it| ((it.table_name.as_str(), it.klaviyo_public_id.as_str()), it.stored_rows))
            .collect();
        let audit = async |table: &&'static SummaryTable| {
            let allow_shrink = self.options.allow_shrink;
            let audit = audit::audit(&self.reading, table, self.window, accounts, &stored, allow_shrink);
            fault::step(Step::Audit, audit).await
        };
        let audits: Vec<Result<Findings>> = together(&self.options.tables, READ_AT_ONCE, audit).await;
        for findings in audits {
            let mut findings = findings?;
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
            entries.extend(self.entries(account, &self.options.tables, state, &outcome));
        }
        run_log::write(self.db, &entries).await?;
        let passed = rows.into_iter().filter(|(account, _)| !objections.contains_key(account));
        Ok(passed.map(|(account, rows)| Ready { account: account.clone(), rows }).collect())
    }

    /// The accounts whose published rows are really there.
    async fn checked(&mut self, published: Vec<Ready>) -> Result<Vec<Ready>> {
        let accounts: Vec<AccountId> = published.iter().map(|ready| ready.account.clone()).collect();
        let mut wrong: BTreeMap<AccountId, String> = BTreeMap::new();
        let look = async |table: &&'static SummaryTable| {
            fault::step(Step::Check, audit::visible_rows(self.db, table, &accounts)).await
        };
        let looks = together(&self.options.tables, READ_AT_ONCE, look).await;
        for (index, (table, visible)) in self.options.tables.iter().zip(looks).enumerate() {
            let visible = visible?;
            for ready in &published {
                let expected = ready.rows[index].written + ready.rows[index].kept;
                let found = visible.get(ready.account.as_str()).copied().unwrap_or_default();
                if found != expected {
                    let text = format!("`{}` shows {found} rows after publishing {expected}", table.name);
                    wrong.entry(ready.account.clone()).or_insert(text);
                }
            }
        }
        for (account, reason) in &wrong {
            warn!(account = account.as_str(), "{reason}");
            self.report.fail(account, reason);
            let outcome = Outcome { error: reason.clone(), ..Outcome::default() };
            let entries = self.entries(account, &self.options.tables, State::Failed, &outcome);
            run_log::write(self.db, &entries).await?;
        }
        Ok(published.into_iter().filter(|ready| !wrong.contains_key(&ready.account)).collect())
    }

    fn count(&mut self, done: &[Ready]) {
        self.report.published += done.len() as u64;
        for ready in done {
            for (table, rows) in self.options.tables.iter().zip(&ready.rows) {
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
            Some(CANNOT_CONVERT_TYPE) => self.overflow(account).await?,
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
        run_log::write(self.db, &self.entries(account, tables, state, &outcome)).await
    }

    /// Names the first sum that does not fit its column.
    async fn overflow(&self, account: &AccountId) -> Result<Option<String>> {
        for table in &self.options.tables {
            let Some(check) = table.overflow() else { continue };
            let statement = self.db.statement(&check).param("accounts", [account]);
            let found: Vec<Overflow> = self.window.bind(statement).fetch_all().await?;
            if let Some(overflow) = found.first() {
                let Overflow { column_name, value, .. } = overflow;
                return Ok(Some(format!("{value} does not fit `{}.{column_name}`", table.name)));
            }
        }
        Ok(None)
    }

    /// Source rows left out because of their revenue, by account.
    async fn rejected(&mut self, accounts: &[AccountId]) -> Result<BTreeMap<String, u64>> {
        let statement = self.reading.statement(&sql::REJECTED.composed()).param("accounts", accounts);
        let rows: Vec<Rejected> = self.window.bind(statement).fetch_all().await?;
        let mut rejected = BTreeMap::new();
        for Rejected { klaviyo_public_id: account, campaign_rows, flow_rows } in rows {
            let rows = campaign_rows + flow_rows;
            warn!(
                account,
                rows, "source rows left out: conversion_value is not finite, negative or above 1e9"
            );
            rejected.insert(account, rows);
        }
        self.report.rows_rejected.extend(rejected.clone());
        Ok(rejected)
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
            for (table, rows) in self.options.tables.iter().zip(&ready.rows) {
                let is_gone = state == State::Published && rows.written + rows.kept == 0 && rows.present > 0;
                let outcome = Outcome {
                    rows_written: rows.written,
                    rows_kept: rows.kept,
                    rows_rejected: rejected.get(ready.account.as_str()).copied().unwrap_or_default(),
                    duration_ms: started.elapsed().as_millis() as u64,
                    error: String::new(),
                };
                let state = if is_gone { State::Dropped } else { state };
                entries.push(Entry::new(self.db, self.window, &ready.account, table, state, outcome));
            }
        }
        run_log::write(self.db, &entries).await
    }

    fn entries(
        &self,
        account: &AccountId,
        tables: &[&SummaryTable],
        state: State,
        outcome: &Outcome,
    ) -> Vec<Entry> {
        let entry =
            |table: &&SummaryTable| Entry::new(self.db, self.window, account, table, state, outcome.clone());
        tables.iter().map(entry).collect()
    }
}

/// Does something for each table, at most so many at once; the answers come in the order of the tables.
async fn together<Answer>(
    tables: &[&'static SummaryTable],
    at_once: usize,
    work: impl AsyncFn(&&'static SummaryTable) -> Answer,
) -> Vec<Answer> {
    stream::iter(tables).map(|table| work(table)).buffered(at_once).collect().await
}

/// Codes that every other account would meet too: syntax, settings, a full disk.
const SAME_FOR_ALL: &[u32] = &[62, 115, 243, 452];

/// An error that another account may not have: the run goes on. A lost server or a missing privilege ends it.
fn is_about_the_data(error: &anyhow::Error) -> bool {
    let Some(error) = error.downcast_ref::<QueryError>() else {
        return false;
    };
    let fatal = matches!(error.exit_code(), ExitCode::AccessDenied | ExitCode::SchemaMismatch);
    match error.code {
        Some(MEMORY_LIMIT_EXCEEDED) => true,
        Some(code) => error.class == Class::Never && !fatal && !SAME_FOR_ALL.contains(&code),
        None => false,
    }
}

/// An error that a smaller batch may not have.
fn has_remedy(error: &anyhow::Error) -> bool {
    let takes_too_long = |error: &QueryError| error.class == Class::Once && error.code.is_some();
    is_about_the_data(error) || error.downcast_ref::<QueryError>().is_some_and(takes_too_long)
}
