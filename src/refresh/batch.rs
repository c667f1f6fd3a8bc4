//! One batch: stage all tables, audit, publish each account, check the effect, write the log.
//! A batch that cannot be computed is halved until the account that is to blame stands alone.

use std::collections::BTreeMap;
use std::time::Instant;

use anyhow::Result;
use clickhouse::Row;
use serde::Deserialize;
use tracing::warn;

use super::audit::{self, Objection, Rows};
use super::report::Report;
use super::window::Window;
use super::{Options, publish, staging};
use crate::account::AccountId;
use crate::db::{Db, QueryError};
use crate::exit::ExitCode;
use crate::retry::{CANNOT_CONVERT_TYPE, Class, MEMORY_LIMIT_EXCEEDED};
use crate::run_log::{self, Entry, Outcome, State};
use crate::schema::SummaryTable;
use crate::sql;
use crate::stop::Stop;

/// A batch at work.
pub struct Work<'run> {
    /// The database.
    pub db: &'run Db,
    /// What was asked for.
    pub options: &'run Options,
    /// The dates.
    pub window: &'run Window,
    /// Asks for an early end.
    pub stop: &'run Stop,
    /// What is told at the end.
    pub report: &'run mut Report,
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

impl Work<'_> {
    /// Refreshes these accounts. An error ends the whole run; what is wrong with one account goes to the report.
    pub async fn run(&mut self, accounts: &[AccountId]) -> Result<()> {
        let mut waiting = vec![accounts.to_vec()];
        while let Some(accounts) = waiting.pop() {
            if self.stop.code().is_some() {
                return Ok(());
            }
            let started = Instant::now();
            let staged = self.stage(&accounts).await;
            self.report.staging_ms += started.elapsed().as_millis() as u64;
            match staged {
                Ok(()) => self.finish(&accounts, started).await?,
                Err(_) if self.stop.code().is_some() => return Ok(()),
                Err(error) if !is_about_the_data(&error) => return Err(error),
                Err(error) => match accounts.as_slice() {
                    [account] => self.refuse(account, &error).await?,
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

    async fn stage(&self, accounts: &[AccountId]) -> Result<()> {
        for table in &self.options.tables {
            staging::make(self.db, table).await?;
            staging::fill(self.db, table, self.window, accounts, self.stop).await?;
        }
        Ok(())
    }

    /// Audits, publishes, checks and logs what is staged.
    async fn finish(&mut self, accounts: &[AccountId], started: Instant) -> Result<()> {
        let rejected = self.rejected(accounts).await?;
        let ready = self.audited(accounts, &rejected).await?;
        self.log(&ready, State::Publishing, &rejected, started).await?;
        let swapping = Instant::now();
        let mut done = Vec::new();
        for ready in ready {
            if self.stop.code().is_some() {
                break;
            }
            match self.publish(&ready).await {
                Ok(()) => done.push(ready),
                Err(error) if !is_about_the_data(&error) => return Err(error),
                Err(error) => self.refuse(&ready.account, &error).await?,
            }
        }
        self.report.publishing_ms += swapping.elapsed().as_millis() as u64;
        let done = self.checked(done).await?;
        self.count(&done);
        self.log(&done, State::Published, &rejected, started).await
    }

    async fn publish(&self, ready: &Ready) -> Result<()> {
        for (table, rows) in self.options.tables.iter().zip(&ready.rows) {
            publish::publish(self.db, table, &ready.account, *rows).await?;
        }
        Ok(())
    }

    /// The accounts that every table's audit lets pass.
    async fn audited(
        &mut self,
        accounts: &[AccountId],
        rejected: &BTreeMap<String, u64>,
    ) -> Result<Vec<Ready>> {
        let mut rows: BTreeMap<&AccountId, Vec<Rows>> = BTreeMap::new();
        let mut objections: BTreeMap<&AccountId, Objection> = BTreeMap::new();
        for table in &self.options.tables {
            let allow_shrink = self.options.allow_shrink;
            let mut findings = audit::audit(self.db, table, self.window, accounts, allow_shrink).await?;
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
            entries.extend(self.entries(account, state, &outcome));
        }
        run_log::write(self.db, &entries).await?;
        let passed = rows.into_iter().filter(|(account, _)| !objections.contains_key(account));
        Ok(passed.map(|(account, rows)| Ready { account: account.clone(), rows }).collect())
    }

    /// The accounts whose published rows are really there.
    async fn checked(&mut self, published: Vec<Ready>) -> Result<Vec<Ready>> {
        let accounts: Vec<AccountId> = published.iter().map(|ready| ready.account.clone()).collect();
        let mut wrong: BTreeMap<AccountId, String> = BTreeMap::new();
        for (index, table) in self.options.tables.iter().enumerate() {
            let visible = audit::visible_rows(self.db, table, &accounts).await?;
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
            run_log::write(self.db, &self.entries(account, State::Failed, &outcome)).await?;
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
    async fn refuse(&mut self, account: &AccountId, error: &anyhow::Error) -> Result<()> {
        let overflow = match code_of(error) {
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
        run_log::write(self.db, &self.entries(account, state, &outcome)).await
    }

    /// Names the first sum that does not fit its column.
    async fn overflow(&self, account: &AccountId) -> Result<Option<String>> {
        for table in &self.options.tables {
            let Some(check) = &table.overflow else { continue };
            let statement = self.db.statement(&check.composed()).param("accounts", [account]);
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
        let statement = self.db.statement(&sql::REJECTED.composed()).param("accounts", accounts);
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

    fn entries(&self, account: &AccountId, state: State, outcome: &Outcome) -> Vec<Entry> {
        let entry =
            |table: &&SummaryTable| Entry::new(self.db, self.window, account, table, state, outcome.clone());
        self.options.tables.iter().map(entry).collect()
    }
}

fn code_of(error: &anyhow::Error) -> Option<u32> {
    error.downcast_ref::<QueryError>().and_then(|error| error.code)
}

/// An error that another account may not have: the run goes on. A lost server or a missing privilege ends it.
fn is_about_the_data(error: &anyhow::Error) -> bool {
    let Some(error) = error.downcast_ref::<QueryError>() else {
        return false;
    };
    let fatal = matches!(error.exit_code(), ExitCode::AccessDenied | ExitCode::SchemaMismatch);
    error.code == Some(MEMORY_LIMIT_EXCEEDED)
        || (error.class == Class::Never && error.code.is_some() && !fatal)
}
