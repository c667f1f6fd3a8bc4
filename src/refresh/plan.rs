//! What a run is going to do, and what it has to say of it: read before its first write.

use std::pin::pin;
use std::time::Instant;

use anyhow::Result;
use tracing::warn;

use super::batches::{self, Batch};
use super::options::Options;
use super::recovery::{self, Broken};
use super::selection::{self, Selection};
use super::window::{self, Clock, Window};
use super::{partitions, run_log, snapshot, working_table};
use crate::account::AccountId;
use crate::db::Db;
use crate::db::failpoint::{self, Step};
use crate::schema::capacity::{self, Crowded};
use crate::schema::preflight;
use crate::{output, sql};

/// What a run is going to do: read before its first write.
#[derive(Debug)]
pub struct Plan {
    /// The dates to compute, by the server's clock.
    pub window: Window,
    /// The accounts to compute, and those that are left out with their reasons.
    pub selection: Selection,
    pub(super) broken: Vec<Broken>,
    pub(super) left_behind: Vec<String>,
    pub(super) already_done: usize,
    /// Accounts that left and are not to come back unasked.
    pub(super) ignored: Vec<AccountId>,
    /// Copies of sources follow it: those of replicated tables must be replicated.
    pub summary_engine: String,
    pub(super) warnings: Vec<String>,
    pub(super) started: Instant,
}

impl Plan {
    /// Plans while the schema is checked. Where both fail, the schema's error is returned: it says more.
    pub async fn checked(db: &Db, options: &Options) -> Result<Plan> {
        let mut checking = pin!(failpoint::step(Step::Preflight, preflight::check(db)));
        let mut planning = pin!(Plan::read(db, options));
        tokio::select! {
            checked = &mut checking => {
                checked?;
                planning.await
            }
            plan = &mut planning => {
                checking.await?;
                plan
            }
        }
    }

    /// Reads what needs no dates first, then the rest with the dates of the server's clock.
    async fn read(db: &Db, options: &Options) -> Result<Plan> {
        let started = Instant::now();
        let (clock, partitions, broken, left_behind, summary_engine, crowded) = tokio::try_join!(
            Clock::read(db),
            partitions::of_all_tables(db, &options.accounts),
            recovery::find(db),
            working_table::left_behind(db),
            snapshot::engine_beside(db),
            crowded(db, options),
        )?;
        let window = Window::new(options.as_of, options.days, clock)?;
        let select = selection::select(db, &window, &options.accounts, partitions);
        let (mut selection, done, cut_week, ignored) = tokio::try_join!(
            failpoint::step(Step::ListAccounts, select),
            already_published(db, &window, options),
            cut_week(db, &window, options),
            ignored(db, options),
        )?;
        selection.leave_out(&ignored);
        let ignored = ignored.iter().filter_map(|id| AccountId::new(id)).collect();
        selection.put_first(&recovery::accounts(&broken));
        let already_done = selection.leave_out(&done);
        let stopped = stopped_sources(&selection, &window, options);
        let warnings: Vec<String> =
            crowded.iter().map(ToString::to_string).chain(cut_week).chain(stopped).collect();
        for warning in &warnings {
            warn!("{warning}");
        }
        Ok(Plan {
            window,
            selection,
            broken,
            left_behind,
            already_done,
            ignored,
            summary_engine,
            warnings,
            started,
        })
    }

    /// The accounts in the batches that they are computed in.
    pub fn batches(&self, options: &Options) -> Vec<Batch> {
        batches::batches(&self.selection.candidates, options.accounts_per_batch)
    }
}

/// Tables with too many partitions. Only a run of all accounts warns.
async fn crowded(db: &Db, options: &Options) -> Result<Vec<Crowded>> {
    match options.accounts.as_slice() {
        [] => capacity::crowded(db).await,
        _ => Ok(Vec::new()),
    }
}

/// The accounts that a run of all leaves out.
async fn ignored(db: &Db, options: &Options) -> Result<Vec<String>> {
    if !options.accounts.is_empty() {
        return Ok(Vec::new());
    }
    let left = run_log::left_accounts(db).await?;
    Ok(left.into_iter().filter(run_log::Left::is_ignored).map(|it| it.klaviyo_public_id).collect())
}

/// The accounts that `--resume` leaves out.
async fn already_published(db: &Db, window: &Window, options: &Options) -> Result<Vec<String>> {
    match options.resume {
        true => run_log::already_published(db, window, &options.tables).await,
        false => Ok(Vec::new()),
    }
}

/// A run for a past date cuts that date's week short: says so if the tables hold later dates.
async fn cut_week(db: &Db, window: &Window, options: &Options) -> Result<Option<String>> {
    if options.as_of.is_none() || window.as_of == window::sunday(window.as_of) {
        return Ok(None);
    }
    let statement = window.bind(db.statement(&sql::LATER_DATES)).param("accounts", &options.accounts);
    let has_later_dates = statement.fetch_one::<u64>().await? > 0;
    Ok(has_later_dates.then(|| {
        format!(
            "the week of {} is cut at {}: the tables hold later dates, refresh them again without --as-of",
            window::monday(window.as_of),
            window.as_of
        )
    }))
}

/// The most accounts that a warning names.
const NAMED: usize = 5;

/// Sources that end before the last complete day. A run for a past date says nothing about now.
fn stopped_sources(selection: &Selection, window: &Window, options: &Options) -> Option<String> {
    let last_complete = window.last_complete;
    if options.as_of.is_some_and(|as_of| as_of <= last_complete) {
        return None;
    }
    if let Some(end) = selection.sources.end_of_all().filter(|end| *end < last_complete) {
        return Some(format!(
            "all sources end on {end}: no account has a row of {last_complete}, and the days after {end} are missing, \
             not zero"
        ));
    }
    let ended = selection.sources.ended_before(last_complete);
    let named: Vec<String> = ended
        .iter()
        .take(NAMED)
        .map(|(account, end)| format!("{} on {end}", output::printable(account)))
        .collect();
    let more = match ended.len().saturating_sub(NAMED) {
        0 => String::new(),
        count => format!(" (and {count} more)"),
    };
    (!ended.is_empty()).then(|| {
        let accounts = output::counted(ended.len() as u64, "account");
        format!("the sources of {accounts} end before {last_complete}: {}{more}", named.join(", "))
    })
}
