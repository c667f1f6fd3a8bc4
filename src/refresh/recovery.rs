//! What broken runs left in the middle of publishing is done first, for the dates that they were about.
//!
//! A crash between two swaps leaves an account with new rows in some tables and old rows in others; a crash of the
//! server inside a swap can leave both generations in one. Redoing the account ends either state.

use std::collections::BTreeMap;

use anyhow::Result;
use chrono::NaiveDate;
use tracing::info;

use super::batch::{self, Job};
use super::batches::{Batch, Load};
use super::options::{Options, tables_named};
use super::partitions;
use super::report::Report;
use super::selection::Selection;
use crate::account::AccountId;
use crate::db::Db;
use crate::refresh::run_log::{self, LeftInPublishing};
use crate::schema::SummaryTable;

/// Accounts that the same broken run left, with its dates and tables.
#[derive(Debug)]
pub struct Broken {
    accounts: Vec<AccountId>,
    start: NaiveDate,
    as_of: NaiveDate,
    tables: Vec<&'static SummaryTable>,
}

/// Reads what was left, grouped by dates and tables.
pub async fn find(db: &Db) -> Result<Vec<Broken>> {
    let mut groups: BTreeMap<(NaiveDate, NaiveDate, Vec<String>), Vec<AccountId>> = BTreeMap::new();
    for left in run_log::left_in_publishing(db).await? {
        let LeftInPublishing { klaviyo_public_id, broken_start, broken_as_of, broken_tables } = left;
        let Some(account) = AccountId::new(&klaviyo_public_id) else { continue };
        groups.entry((broken_start, broken_as_of, broken_tables)).or_default().push(account);
    }
    let group = |((start, as_of, names), accounts): ((_, _, Vec<String>), _)| {
        Ok(Broken { accounts, start, as_of, tables: tables_named(&names)? })
    };
    groups.into_iter().map(group).collect()
}

/// The accounts of these groups.
pub fn accounts(broken: &[Broken]) -> Vec<AccountId> {
    broken.iter().flat_map(|group| group.accounts.clone()).collect()
}

/// Redoes what the run itself would not cover: other accounts, dates before its window, other tables. Says whether
/// there was anything.
pub async fn redo(
    job: &Job<'_>,
    broken: &[Broken],
    selection: &Selection,
    report: &mut Report,
) -> Result<bool> {
    let mut has_redone = false;
    let Job { db, options, window, .. } = *job;
    for group in broken {
        let is_wider = group.start < window.start
            || group.as_of > window.as_of
            || group.tables.iter().any(|table| !options.tables.iter().any(|ours| ours.name == table.name));
        let needs_redo = |account: &&AccountId| is_wider || !selection.refreshes(account);
        let accounts: Vec<AccountId> = group.accounts.iter().filter(needs_redo).cloned().collect();
        if accounts.is_empty() {
            continue;
        }
        let Some(window) = window.of_broken_run(group.start, group.as_of) else { continue };
        info!(
            accounts = accounts.len(),
            "redoing what a broken run left, {} to {}", window.start, window.as_of
        );
        let options = Options { tables: group.tables.clone(), ..options.clone() };
        let mut redone = Report::new(db.run_id(), db.target(), window);
        let (tables, names): (Vec<&str>, Vec<&str>) = (
            options.tables.iter().map(|table| table.name).collect(),
            accounts.iter().map(AccountId::as_str).collect(),
        );
        let partitions = partitions::of_tables(&db.interruptible(), &tables, &names).await?;
        let stored = partitions::stored_rows(&partitions);
        let job = Job { options: &options, window: &window, stored: &stored, ..*job };
        // A broken batch was small enough once; how many rows it has is not looked up again.
        let batch = Batch { accounts, load: Load::UNKNOWN };
        batch::Work::new(&job, &mut redone).redoing().run(&batch).await?;
        report.add_recovered(redone, |account| selection.refreshes(account));
        has_redone = true;
    }
    Ok(has_redone)
}
