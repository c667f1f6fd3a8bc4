//! What a refresh did, for people and for machines.

use std::collections::BTreeMap;

use serde::Serialize;

use super::window::Window;
use crate::account::AccountId;
use crate::exit::ExitCode;
use crate::outlook::Summary;

/// An account that was not published, and why.
#[derive(Clone, Debug, Serialize)]
pub struct Refusal {
    /// As the source has it, made printable.
    pub account: String,
    /// In words for people, without a stack of causes.
    pub reason: String,
}

/// The result of a refresh.
#[derive(Debug, Serialize)]
pub struct Report {
    /// The same in `ai_refresh_log`, in staging tables and in query ids.
    pub run_id: String,
    /// Where it wrote.
    pub target: String,
    /// The dates that it computed.
    #[serde(flatten)]
    pub window: Window,
    /// Accounts whose new rows readers see.
    pub published: u64,
    /// Accounts that broken runs had left in the middle of publishing and that were redone for those runs' dates.
    pub recovered: u64,
    /// Accounts without rows on either side.
    pub nothing_to_do: u64,
    /// Accounts that an earlier run had done (`--resume`).
    pub already_done: u64,
    /// Accounts that left and are not to come back unasked.
    pub ignored: u64,
    /// Accounts stopped by an error.
    pub failed: Vec<Refusal>,
    /// Accounts stopped by a data guard.
    pub held_back: Vec<Refusal>,
    /// Ids in a source that no account can have.
    pub skipped: Vec<Refusal>,
    /// Rows written in the window, by table.
    pub rows_written: BTreeMap<String, u64>,
    /// Rows kept outside the window, by table.
    pub rows_kept: BTreeMap<String, u64>,
    /// Source rows left out because of their revenue, by account.
    pub rows_rejected: BTreeMap<String, u64>,
    /// What was forecast afterwards.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outlook: Option<Summary>,
    /// What somebody should look at.
    pub warnings: Vec<String>,
    /// Milliseconds in all.
    pub elapsed_ms: u64,
    /// Milliseconds of computing staging tables.
    pub staging_ms: u64,
    /// Milliseconds of swapping partitions.
    pub publishing_ms: u64,
    /// Every exit code that applies.
    pub exit_codes: Vec<u8>,
}

impl Report {
    /// A report of nothing yet.
    pub fn new(run_id: &str, target: &str, window: Window) -> Report {
        Report {
            run_id: run_id.to_owned(),
            target: target.to_owned(),
            window,
            published: 0,
            recovered: 0,
            nothing_to_do: 0,
            already_done: 0,
            ignored: 0,
            failed: Vec::new(),
            held_back: Vec::new(),
            skipped: Vec::new(),
            rows_written: BTreeMap::new(),
            rows_kept: BTreeMap::new(),
            rows_rejected: BTreeMap::new(),
            outlook: None,
            warnings: Vec::new(),
            elapsed_ms: 0,
            staging_ms: 0,
            publishing_ms: 0,
            exit_codes: Vec::new(),
        }
    }

    /// Adds what the same run did to other accounts for other dates.
    pub fn add(&mut self, other: Report) {
        self.window.start = self.window.start.min(other.window.start);
        self.published += other.published;
        self.recovered += other.recovered;
        self.nothing_to_do += other.nothing_to_do;
        self.failed.extend(other.failed);
        self.held_back.extend(other.held_back);
        self.skipped.extend(other.skipped);
        for (sums, more) in
            [(&mut self.rows_written, other.rows_written), (&mut self.rows_kept, other.rows_kept)]
        {
            more.into_iter().for_each(|(table, rows)| *sums.entry(table).or_default() += rows);
        }
        self.rows_rejected.extend(other.rows_rejected);
        self.warnings.extend(other.warnings);
        self.elapsed_ms += other.elapsed_ms;
        self.staging_ms += other.staging_ms;
        self.publishing_ms += other.publishing_ms;
    }

    /// Adds the outcome of redoing broken runs. An account that this run refreshes too is counted by its refresh.
    pub fn add_recovered(&mut self, redone: Report, comes_again: impl Fn(&AccountId) -> bool) {
        let is_last_word =
            |refusal: &Refusal| AccountId::new(&refusal.account).is_none_or(|account| !comes_again(&account));
        self.recovered += redone.published;
        self.failed.extend(redone.failed.into_iter().filter(is_last_word));
        self.held_back.extend(redone.held_back.into_iter().filter(is_last_word));
        self.rows_rejected.extend(redone.rows_rejected);
        self.staging_ms += redone.staging_ms;
        self.publishing_ms += redone.publishing_ms;
    }

    /// Notes an account that an error stopped.
    pub fn fail(&mut self, account: &AccountId, reason: impl Into<String>) {
        self.failed.push(Refusal { account: account.to_string(), reason: reason.into() });
    }

    /// Notes an account that a guard stopped.
    pub fn hold_back(&mut self, account: &AccountId, reason: impl Into<String>) {
        self.held_back.push(Refusal { account: account.to_string(), reason: reason.into() });
    }

    /// Settles the exit codes: those of the accounts, and that of a signal.
    pub fn settle(&mut self, signal: Option<ExitCode>) -> ExitCode {
        let mut codes: Vec<ExitCode> = signal.into_iter().collect();
        if !self.failed.is_empty()
            && self.published + self.recovered + self.nothing_to_do == 0
            && self.skipped.is_empty()
        {
            codes.push(ExitCode::Failed);
        } else if !self.failed.is_empty() || !self.skipped.is_empty() {
            codes.push(ExitCode::SomeAccountsFailed);
        }
        if !self.held_back.is_empty() {
            codes.push(ExitCode::HeldBack);
        }
        let code = ExitCode::of(&codes);
        if codes.is_empty() {
            codes.push(ExitCode::Done);
        }
        self.exit_codes = codes.into_iter().map(ExitCode::number).collect();
        code
    }
}
