//! The audit of staged rows before anyone sees them: bugs and hidden rows fail, collapsing sources are held back.

use std::collections::BTreeMap;

use anyhow::Result;
use clickhouse::Row;
use serde::Deserialize;

use super::accounts::{Batch, StoredRows};
use super::staging;
use super::window::Window;
use crate::account::AccountId;
use crate::db::Db;
use crate::schema::SummaryTable;

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
    foreign_rows: u64,
}

/// What readers see now of one account in one table.
#[derive(Clone, Debug, Default, Row, Deserialize)]
struct Present {
    klaviyo_public_id: String,
    /// Distinct keys in the window.
    keys_in_window: u64,
    /// Distinct keys outside the window.
    keys_outside: u64,
    /// Rows as stored, whatever their key, that this user may see.
    rows_visible: u64,
}

/// Rows of one table of one account that wait to be published.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rows {
    /// In the window.
    pub written: u64,
    /// Outside it.
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

/// Compares what is staged for these accounts with what is there; `stored` says what is stored.
pub async fn audit(
    db: &Db,
    table: &SummaryTable,
    window: &Window,
    batch: &Batch,
    stored: &StoredRows<'_>,
    allow_shrink: bool,
) -> Result<Findings> {
    let (window_start, window_end) = window.bounds(table.grain);
    let accounts = batch.accounts.as_slice();
    let staged = db
        .statement(&table.audit())
        .param("staging", staging::name(db, table))
        .param("accounts", accounts)
        .param("window_start", window_start)
        .param("window_end", window_end);
    let present = db
        .statement(&table.present())
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
    let staged: BTreeMap<_, _> = staged.into_iter().map(|row| (row.klaviyo_public_id.clone(), row)).collect();
    let present: BTreeMap<_, _> =
        present.into_iter().map(|row| (row.klaviyo_public_id.clone(), row)).collect();

    let judge = |account: &AccountId| {
        let key = account.as_str();
        let staged = staged.get(key).cloned().unwrap_or_default();
        let present = present.get(key).cloned().unwrap_or_default();
        let stored = stored.get(&(table.name, key)).copied().unwrap_or_default();
        (account.clone(), judge(table.name, &staged, &present, stored, allow_shrink))
    };
    Ok(accounts.iter().map(judge).collect())
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
    if staged.foreign_rows > 0 {
        return fault(format!(
            "{} staged rows belong to accounts that were not asked for",
            staged.foreign_rows
        ));
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
        for faulty in [
            Staged { duplicate_keys: 1, ..staged(5, 0) },
            Staged { not_finite: 1, ..staged(5, 0) },
            Staged { foreign_rows: 1, ..staged(5, 0) },
        ] {
            assert!(matches!(judge("t", &faulty, &present(5, 0), 5, true), Err(Objection::Fault(_))));
        }
    }
}
