//! Publishing a batch: announce, swap account by account, check the effect, write down what became of each.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::Result;
use futures_util::future;
use tracing::{debug, info, warn};

use super::{Prepared, Ready, Work};
use crate::account::AccountId;
use crate::db::failpoint::{self, Step};
use crate::exit::{ExitCode, Failure};
use crate::lock;
use crate::output::EACH_TABLE;
use crate::refresh::audit::Rows;
use crate::refresh::run_log::{self, Outcome, State};
use crate::refresh::{error_scope, free_space, partitions, publish};
use crate::schema::SummaryTable;

/// How long the lock counts as ours after it was seen to be.
const LOCK_LOOK: Duration = Duration::from_secs(1);

impl Work<'_> {
    /// Publishes, checks and logs what is staged.
    pub(super) async fn finish(&mut self, prepared: Prepared, started: Instant) -> Result<()> {
        let Prepared { ready, rejected } = prepared;
        let job = self.job;
        if let Err(full) = free_space::refuse_if_none(job.db, job.options.tables[0]).await {
            job.drop_working_tables().await;
            return Err(full);
        }
        let announcing = self.log(&ready, State::Publishing, &rejected, started);
        let (announced, mut outcome) =
            tokio::join!(failpoint::step(Step::LogPublishing, announcing), self.refuse_if_not_ours());
        if announced.is_err() {
            job.drop_working_tables().await;
            return announced;
        }
        let swapping = Instant::now();
        let ready_count = ready.len();
        let mut waiting = ready.into_iter();
        let mut done = Vec::new();
        while job.stop.code().is_none()
            && outcome.is_ok()
            && let Some(ready) = waiting.next()
        {
            debug!(account = ready.account.as_str(), "publishing");
            let published = self.publish(&ready).await;
            job.progress.published();
            match published {
                Ok(true) => done.push(ready),
                Ok(false) => {}
                Err(error) => outcome = Err(error),
            }
        }
        self.report.publishing_ms += swapping.elapsed().as_millis() as u64;
        let has_swapped = !done.is_empty() || outcome.is_err() && waiting.len() < ready_count;
        let settling = self.settle(done, waiting.collect(), &rejected, started);
        if job.db.way().is_plain() {
            let (settled, ()) = tokio::join!(settling, job.drop_working_tables());
            return outcome.and(settled);
        }
        let settled = outcome.and(settling.await);
        match settled.is_ok() || !has_swapped {
            true => job.drop_working_tables().await,
            false => warn!("the staged rows stay: on replicas nothing is dropped that readers may lack"),
        }
        settled
    }

    /// Swaps an account's tables: the daily ones side by side, then the rollups. What is wrong with this account
    /// alone is noted, and the run goes on.
    async fn publish(&mut self, ready: &Ready) -> Result<bool> {
        let tables = &self.job.options.tables;
        let swaps: Vec<(&SummaryTable, Rows)> =
            tables.iter().copied().zip(ready.rows.iter().copied()).collect();
        let mut swapped = Vec::new();
        let mut objection = None;
        for side_by_side in swaps.chunk_by(|(one, _), (next, _)| one.grain == next.grain) {
            let swapping = side_by_side.iter().map(|(table, rows)| self.swap(&ready.account, table, *rows));
            // One that fails lets the others end.
            for (outcome, (table, _)) in future::join_all(swapping).await.into_iter().zip(side_by_side) {
                match outcome {
                    Ok(()) => swapped.push(table.name),
                    Err(error) if error_scope::is_about_the_data(&error) => {
                        _ = objection.get_or_insert(error)
                    }
                    Err(error) => return Err(error),
                }
            }
            if objection.is_some() {
                break;
            }
        }
        let Some(error) = objection else { return Ok(true) };
        // Tables that were swapped keep the state `publishing`: the next run does the account again.
        let all = swaps.iter().map(|(table, _)| *table);
        let old: Vec<&SummaryTable> = all.filter(|table| !swapped.contains(&table.name)).collect();
        self.refuse(&ready.account, &old, &error).await?;
        Ok(false)
    }

    async fn swap(&self, account: &AccountId, table: &SummaryTable, rows: Rows) -> Result<()> {
        let swap = async {
            self.refuse_if_not_ours().await?;
            publish::publish(self.job.db, table, account, rows).await
        };
        let started = Instant::now();
        failpoint::step(Step::Swap, swap).await?;
        info!(
            target: EACH_TABLE,
            account = account.as_str(),
            table = table.name,
            rows = rows.written + rows.kept,
            elapsed_ms = started.elapsed().as_millis() as u64,
            "published"
        );
        Ok(())
    }

    /// Asks who holds the lock, and on replicas who answers, unless that was asked within the last second.
    async fn refuse_if_not_ours(&self) -> Result<()> {
        let mut seen = self.lock_seen.lock().await;
        if seen.is_none_or(|seen| seen.elapsed() > LOCK_LOOK) {
            lock::refuse_if_lost(self.job.db).await?;
            self.job.db.refuse_if_elsewhere().await?;
            *seen = Some(Instant::now());
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
        failpoint::step(Step::LogResults, self.log(&done, State::Published, rejected, started)).await?;
        if self.redoes {
            return Ok(());
        }
        let outcome = Outcome { error: "the run ended before its swap".to_owned(), ..Outcome::default() };
        let not_reached = untouched.iter().flat_map(|ready| {
            self.entries(&ready.account, &self.job.options.tables, State::Failed, &outcome)
        });
        run_log::write(self.job.db, &not_reached.collect::<Vec<_>>()).await
    }

    /// The accounts whose published rows are really there.
    async fn checked(&mut self, published: Vec<Ready>) -> Result<Vec<Ready>> {
        let tables = &self.job.options.tables;
        let names: Vec<&str> = tables.iter().map(|table| table.name).collect();
        let accounts: Vec<&str> = published.iter().map(|ready| ready.account.as_str()).collect();
        if accounts.is_empty() {
            return Ok(published);
        }
        let look = partitions::of_tables(self.job.db, &names, &accounts);
        let stored: BTreeMap<_, _> = failpoint::step(Step::Check, look)
            .await?
            .into_iter()
            .map(|it| ((it.table_name, it.klaviyo_public_id), it.stored_rows))
            .collect();
        // What another replica has says nothing of what was swapped here.
        self.job.db.refuse_if_elsewhere().await?;
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
        if let Some((account, reason)) = wrong.first_key_value().filter(|_| !self.job.db.way().is_plain()) {
            let message = format!("account `{account}`: {reason}");
            let hint = "its staged rows are kept on this replica: look at system.replicas, then run `aiviews populate`";
            return Err(Failure::new(ExitCode::Failed, message).hint(hint).into());
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
}
