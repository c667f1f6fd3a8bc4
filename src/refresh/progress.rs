//! How far a run has come: each account counts the same, most of it while its batch is computed.

use std::sync::atomic::{AtomicU64, Ordering};

use indicatif::ProgressBar;

use crate::output;

/// Units of the bar per account: computing it, then swapping it.
const STAGING: u64 = 70;
const PUBLISHING: u64 = 30;

/// A run's bar.
pub struct Progress {
    bar: ProgressBar,
    tables: u64,
    /// The units of the batches that have ended.
    ended: AtomicU64,
}

impl Progress {
    /// The bar of a run over so many accounts and tables.
    pub fn new(accounts: usize, tables: usize) -> Progress {
        let accounts = accounts as u64;
        let bar =
            output::progress_bar(accounts * (STAGING + PUBLISHING), &output::counted(accounts, "account"));
        Progress { bar, tables: tables as u64, ended: AtomicU64::new(0) }
    }

    /// Whether nobody sees it.
    pub fn is_hidden(&self) -> bool {
        self.bar.is_hidden()
    }

    /// A table of a batch is computed.
    pub fn staged(&self, accounts: usize) {
        self.bar.inc(accounts as u64 * STAGING / self.tables.max(1));
    }

    /// An account is swapped.
    pub fn published(&self) {
        self.bar.inc(PUBLISHING);
    }

    /// A batch has ended, whatever became of its parts.
    pub fn batch_ended(&self, accounts: usize) {
        let units = accounts as u64 * (STAGING + PUBLISHING);
        self.bar.set_position(self.ended.fetch_add(units, Ordering::Relaxed) + units);
    }

    /// Nothing is left of the bar on the screen.
    pub fn clear(&self) {
        self.bar.finish_and_clear();
    }
}
