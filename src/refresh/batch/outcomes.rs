//! What the run log and the report say of a batch's accounts.

use std::collections::BTreeMap;
use std::time::Instant;

use anyhow::Result;
use tracing::warn;

use super::{Job, Ready, Work};
use crate::account::AccountId;
use crate::db::QueryError;
use crate::db::codes;
use crate::refresh::error_scope;
use crate::refresh::run_log::{self, Entry, Outcome, State};
use crate::schema::SummaryTable;

impl Work<'_> {
    /// Notes one account that cannot be computed, with the column that overflows if that is the cause.
    pub(super) async fn refuse(
        &mut self,
        account: &AccountId,
        tables: &[&SummaryTable],
        error: &anyhow::Error,
    ) -> Result<()> {
        let overflow = match QueryError::code_of(error) {
            Some(codes::CANNOT_CONVERT_TYPE) => {
                let Job { db, options, window, .. } = self.job;
                error_scope::overflow(db, &options.tables, window, account).await?
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

    pub(super) async fn log(
        &self,
        accounts: &[Ready],
        state: State,
        rejected: &BTreeMap<String, u64>,
        started: Instant,
    ) -> Result<()> {
        let mut entries = Vec::new();
        let query_ids = self.query_ids.lock().await;
        for ready in accounts {
            for (table, rows) in self.job.options.tables.iter().zip(&ready.rows) {
                let is_gone = state == State::Published && rows.written + rows.kept == 0 && rows.present > 0;
                let outcome = Outcome {
                    rows_written: rows.written,
                    rows_kept: rows.kept,
                    rows_rejected: rejected.get(ready.account.as_str()).copied().unwrap_or_default(),
                    duration_ms: started.elapsed().as_millis() as u64,
                    query_ids: query_ids.get(table.name).cloned().unwrap_or_default(),
                    error: String::new(),
                };
                let state = if is_gone { State::Dropped } else { state };
                let entry = Entry::new(self.job.db, self.job.window, &ready.account, table, state, outcome);
                entries.push(entry.reading(self.job.window, self.job.sources, table));
            }
        }
        run_log::write(self.job.db, &entries).await
    }

    pub(super) fn entries(
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
