//! The audit of staged rows before anyone sees them: bugs and hidden rows fail, collapsing sources are held back.

use std::collections::BTreeMap;

use anyhow::Result;
use clickhouse::Row;
use serde::Deserialize;

use super::batches::Batch;
use super::partitions::StoredRows;
use super::staging;
use super::window::Window;
use crate::account::AccountId;
use crate::db::Db;
use crate::schema::{Care, SummaryTable};

/// A table with at least this many rows in the window is watched for losing most of them.
const WATCHED_FROM_ROWS: u64 = 20;

/// What is staged for one account in one table.
#[derive(Clone, Debug, Default, Row, Deserialize)]
struct Staged {
    klaviyo_public_id: String,
    rows_window: u64,
    rows_kept: u64,
    duplicate_keys: u64,
    not_finite: u64,
}

/// What readers see now of one account in one table.
#[derive(Clone, Debug, Default, Row, Deserialize)]
struct Present {
    klaviyo_public_id: String,
    /// Keys in the window, or rows under them.
    keys_in_window: u64,
    /// Keys outside the window, or rows under them.
    keys_outside: u64,
    /// Rows as stored, whatever their key, that this user may see.
    rows_visible: u64,
}

/// Rows of one table of one account that wait to be published.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rows {
    /// Rows whose date the run computed anew.
    pub written: u64,
    /// Rows of other dates, copied from the table as it was.
    pub kept: u64,
    /// Rows that the table holds now.
    pub present: u64,
}

/// Why an account is not published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Objection {
    /// The staged rows are wrong, or rows are hidden from us: a bug or a row policy.
    Fault(String),
    /// The source lost most of its rows: held back.
    Shrink(String),
}

/// The rows of each account, or the objection to publishing it.
pub type Findings = BTreeMap<AccountId, Result<Rows, Objection>>;

/// An audit of one table.
pub struct Audit<'run> {
    /// Where the staging table is.
    pub db: &'run Db,
    /// The summary table that is going to receive the rows.
    pub table: &'static SummaryTable,
    /// The dates that the run computes; all others are history that must stay.
    pub window: &'run Window,
    /// What the tables store.
    pub stored: &'run StoredRows<'run>,
    /// Whether a source may lose most of its rows.
    pub allow_shrink: bool,
}

impl Audit<'_> {
    /// Compares what is staged for these accounts with what is there. A quick look objects to all that is wrong; whom
    /// it objects to is looked at key by key.
    pub async fn run(&self, batch: &Batch) -> Result<Findings> {
        let mut findings = self.look(batch, &batch.accounts, Care::Quick).await?;
        let objected = findings.iter().filter(|(_, finding)| finding.is_err());
        let objected: Vec<AccountId> = objected.map(|(account, _)| account.clone()).collect();
        if !objected.is_empty() {
            findings.extend(self.look(batch, &objected, Care::Exact).await?);
        }
        Ok(findings)
    }

    async fn look(&self, batch: &Batch, accounts: &[AccountId], care: Care) -> Result<Findings> {
        let Audit { db, table, window, stored, allow_shrink } = self;
        let (window_start, window_end) = window.bounds(table.grain);
        let staged = db
            .statement(&table.audit(care))
            .param("staging", staging::name(db, table))
            .param("window_start", window_start)
            .param("window_end", window_end);
        let present = db
            .statement(&table.present(care))
            .param("target", table.name)
            .param("accounts", accounts)
            .param("window_start", window_start)
            .param("window_end", window_end);
        let is_new = accounts.iter().all(|account| !stored.contains_key(&(table.name, account.as_str())));
        let present = async {
            match is_new {
                true => Ok(Vec::new()),
                false => batch.threaded(present).fetch_all::<Present>().await,
            }
        };
        let (staged, present) = tokio::try_join!(batch.threaded(staged).fetch_all::<Staged>(), present)?;
        let staged: BTreeMap<_, _> =
            staged.into_iter().map(|row| (row.klaviyo_public_id.clone(), row)).collect();
        let present: BTreeMap<_, _> =
            present.into_iter().map(|row| (row.klaviyo_public_id.clone(), row)).collect();
        let foreign = staged.keys().find(|id| !batch.accounts.iter().any(|account| account.as_str() == *id));
        let judge = |account: &AccountId| {
            if let Some(foreign) = foreign {
                let text = format!("audit of `{}`: rows of `{foreign}` were staged unasked", table.name);
                return (account.clone(), Err(Objection::Fault(text)));
            }
            let key = account.as_str();
            let staged = staged.get(key).cloned().unwrap_or_default();
            let present = present.get(key).cloned().unwrap_or_default();
            let stored = stored.get(&(table.name, key)).copied().unwrap_or_default();
            (account.clone(), judge(table.name, &staged, &present, stored, *allow_shrink))
        };
        Ok(accounts.iter().map(judge).collect())
    }
}

fn judge(
    table: &str,
    staged: &Staged,
    present: &Present,
    stored: u64,
    allow_shrink: bool,
) -> Result<Rows, Objection> {
    let fault = |text: String| Err(Objection::Fault(format!("audit of `{table}`: {text}")));
    if staged.duplicate_keys > 0 {
        return fault(format!("{} staged keys have more than one row", staged.duplicate_keys));
    }
    if staged.not_finite > 0 {
        return fault(format!("{} staged rows have a NaN or an infinite value", staged.not_finite));
    }
    if present.rows_visible != stored {
        return fault(format!(
            "the partition stores {stored} rows but this user sees {}: does a row policy hide the others",
            present.rows_visible
        ));
    }
    if staged.rows_kept != present.keys_outside {
        return fault(format!(
            "{} rows outside the window are there but {} would be kept",
            present.keys_outside, staged.rows_kept
        ));
    }
    let (before, after) = (present.keys_in_window, staged.rows_window);
    let collapsed = before >= WATCHED_FROM_ROWS && after * 2 < before;
    if !allow_shrink && ((after == 0 && before > 0) || collapsed) {
        return Err(Objection::Shrink(format!(
            "`{table}` has {before} rows in the window and would have {after}: the source lost them"
        )));
    }
    Ok(Rows { written: after, kept: staged.rows_kept, present: stored })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn staged(rows_window: u64, rows_kept: u64) -> Staged {
        Staged { rows_window, rows_kept, ..Staged::default() }
    }

    fn present(keys_in_window: u64, keys_outside: u64) -> Present {
        let rows_visible = keys_in_window + keys_outside;
        Present { keys_in_window, keys_outside, rows_visible, ..Present::default() }
    }

    fn shrinks(after: u64, before: u64) -> bool {
        matches!(
            judge("t", &staged(after, 3), &present(before, 3), before + 3, false),
            Err(Objection::Shrink(_))
        )
    }

    #[test]
    fn a_collapsed_source_is_held_back() {
        assert!(shrinks(0, 1));
        assert!(shrinks(9, 20));
        assert!(!shrinks(10, 20));
        assert!(!shrinks(1, 19));
        assert!(!shrinks(0, 0));
        assert!(judge("t", &staged(0, 3), &present(50, 3), 53, true).is_ok());
    }

    #[test]
    fn hidden_or_lost_rows_are_faults() {
        let hidden = judge("t", &staged(5, 3), &present(5, 3), 9, false);
        assert!(matches!(hidden, Err(Objection::Fault(text)) if text.contains("row policy")));
        let lost = judge("t", &staged(5, 2), &present(5, 3), 8, false);
        assert!(matches!(lost, Err(Objection::Fault(_))));
    }

    #[test]
    fn faulty_rows_are_faults() {
        for faulty in [Staged { duplicate_keys: 1, ..staged(5, 0) }, Staged { not_finite: 1, ..staged(5, 0) }]
        {
            assert!(matches!(judge("t", &faulty, &present(5, 0), 5, true), Err(Objection::Fault(_))));
        }
    }
}
