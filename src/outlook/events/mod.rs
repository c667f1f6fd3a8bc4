//! Anomaly events: days of an account that were not as usual, from the first such day until it is over.
//!
//! ```text
//! thresholds  every threshold by its name          baseline  what a day is expected to be
//! scale       how far days usually lie off         watch     one series, day after day
//! episode     an event opens, stays and closes     days      the days of an account
//! detect      the events of an account             flow      flows that stopped
//! source      events of many accounts at once      severity  how bad it is
//! reason      why                                  words     in plain English
//! event       the table's row                      window    the last values by age and by size
//! ```
//!
//! All of it is computed anew in every run from the days of the summary tables: the same days give the same rows, and a
//! run that broke off is mended by the next.

pub mod baseline;
pub mod days;
pub mod detect;
pub mod episode;
pub mod event;
pub mod flow;
mod reason;
pub mod scale;
mod severity;
pub mod source;
#[cfg(test)]
mod tests;
pub mod thresholds;
pub mod watch;
pub mod window;
mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result};
use chrono::{Days, NaiveDate};
use serde::Serialize;

use super::forecast::growth::Growth;
use super::{ACCOUNTS_AT_ONCE, Options, Refreshed, share_out};
use crate::db::Db;
use crate::db::failpoint::{self, Step};
use crate::sql;
use days::{Account, ChannelRow};
use detect::Found;
use event::{Event, EventRow, Kind, Metric};
use flow::FlowRow;
use thresholds::{HISTORY_DAYS, KEPT_DAYS, REGULAR_DAYS, SILENT_DAYS};

/// What was found.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Summary {
    /// Events that are open.
    pub events_open: u32,
    /// Rows that were written: events that opened, went on or closed since the last run.
    pub events_changed: u32,
    /// Milliseconds that it took.
    pub events_ms: u64,
}

/// Finds the events of these accounts.
pub async fn run(
    db: &Db,
    options: &Options,
    accounts: &[Refreshed],
    growth: &Arc<Growth>,
) -> Result<Summary> {
    let started = Instant::now();
    let ids: Vec<String> = accounts.iter().map(|it| it.account.clone()).collect();
    let mut events = Vec::new();
    for batch in ids.chunks(ACCOUNTS_AT_ONCE) {
        events.extend(find(db, options, batch, growth).await?);
    }
    let kept_from = options.last_complete - Days::new(KEPT_DAYS as u64);
    let stored: Vec<EventRow> = db
        .statement(&sql::EVENTS_OF)
        .param("accounts", &ids)
        .param("kept_from", kept_from)
        .fetch_all()
        .await?;
    if options.accounts.is_empty() {
        source::gather(&mut events, ids.len());
    }
    let rows: Vec<EventRow> = events
        .iter()
        .map(|event| EventRow::new(event, first_day(options), options.now))
        .filter(|row| row.closed_on.is_none_or(|day| day >= kept_from))
        .collect();
    let open = rows.iter().filter(|row| row.closed_on.is_none()).count();
    let changed = changed(rows, stored, options);
    if !changed.is_empty() {
        failpoint::step(Step::Outlook, db.insert("ai_anomaly_events", &changed)).await?;
    }
    Ok(Summary {
        events_open: open as u32,
        events_changed: changed.len() as u32,
        events_ms: started.elapsed().as_millis() as u64,
    })
}

fn first_day(options: &Options) -> NaiveDate {
    options.last_complete - Days::new(HISTORY_DAYS as u64 - 1)
}

/// The events of one batch of accounts.
async fn find(db: &Db, options: &Options, accounts: &[String], growth: &Arc<Growth>) -> Result<Vec<Event>> {
    let first_day = first_day(options);
    let ask = |statement| {
        db.statement(statement)
            .param("accounts", accounts)
            .param("first_day", first_day)
            .param("last_complete", options.last_complete)
    };
    let flows = ask(&sql::EVENT_FLOWS).param("regular_days", REGULAR_DAYS).param("silent_days", SILENT_DAYS);
    let (channels, flows) =
        tokio::try_join!(ask(&sql::EVENT_DAYS).fetch_all::<ChannelRow>(), flows.fetch_all::<FlowRow>())?;
    let last_age = (options.made_on - options.last_complete).num_days();
    let growth = Arc::clone(growth);
    let work = move || compute(&channels, &flows, &growth, first_day, last_age);
    tokio::task::spawn_blocking(work).await.context("the search for events broke off")
}

/// The events of the accounts of these rows.
fn compute(
    channels: &[ChannelRow],
    flows: &[FlowRow],
    growth: &Growth,
    first_day: NaiveDate,
    last_age: i64,
) -> Vec<Event> {
    let rows: Vec<&[ChannelRow]> = channels.chunk_by(|one, other| one.account == other.account).collect();
    let mut of_account: BTreeMap<&str, Vec<&FlowRow>> = BTreeMap::new();
    flows.iter().for_each(|row| of_account.entry(&row.account).or_default().push(row));
    let one = |rows: &&[ChannelRow]| {
        let Some(account) = Account::new(rows, HISTORY_DAYS, last_age) else { return Vec::new() };
        let flows = of_account.get(account.id.as_str()).map(Vec::as_slice).unwrap_or_default();
        account_events(&account, flows, growth, first_day, last_age)
    };
    share_out(&rows, one).into_iter().flatten().collect()
}

/// Every event of one account, in words.
pub fn account_events(
    account: &Account,
    flows: &[&FlowRow],
    growth: &Growth,
    first_day: NaiveDate,
    last_age: i64,
) -> Vec<Event> {
    let mut found = detect::detect(account, growth.of(&account.id), last_age);
    found.extend(flows.iter().flat_map(|row| flow::detect(account, row)));
    found.into_iter().map(|it| in_words(it, first_day)).collect()
}

fn in_words(found: Found, first_day: NaiveDate) -> Event {
    let date = |day: usize| first_day + Days::new(day as u64);
    let reason = reason::of(&found);
    let Found { mut event, peak, .. } = found;
    event.words = match event.kind {
        Kind::BelowUsual | Kind::AboveUsual => words::sentence(&event, date(peak), date),
        Kind::FlowStopped => format!(
            "Flow {} has sent nothing since {}: usually {} messages a day.{}",
            words::quoted(&event.words),
            date(event.opened),
            words::grouped(event.expected),
            words::ending(&event, date)
        ),
        Kind::TrackingBroken => format!(
            "Opens of channel {} fell to nothing on {} while clicks went on: tracking of opens seems broken.{}",
            words::quoted(&event.channel),
            date(event.opened),
            words::ending(&event, date)
        ),
        Kind::DataMissing => {
            format!("No data since {}: missing, not zero.{}", date(event.opened), words::ending(&event, date))
        }
    };
    if event.metric == Metric::Revenue {
        event.reason = reason;
    }
    event
}

/// The rows to write: what is new or says something else than the stored row, and what is not found any more.
fn changed(rows: Vec<EventRow>, stored: Vec<EventRow>, options: &Options) -> Vec<EventRow> {
    let of_source: BTreeSet<(String, String, NaiveDate)> = stored
        .iter()
        .filter(|row| row.klaviyo_public_id.is_empty())
        .map(|row| (row.metric.clone(), row.kind.clone(), row.opened_on))
        .collect();
    let is_whole = options.accounts.is_empty();
    let mut known: BTreeMap<String, EventRow> =
        stored.into_iter().map(|row| (row.event_id.clone(), row)).collect();
    let mut changed = Vec::new();
    for row in rows {
        // Some accounts alone cannot say what is of the source: it stays as the last run of all found it.
        let is_told = of_source.contains(&(row.metric.clone(), row.kind.clone(), row.opened_on));
        if is_told && !is_whole && row.kind != Kind::FlowStopped.word() {
            continue;
        }
        match known.remove(&row.event_id) {
            Some(before) if before.says_the_same(&row) => {}
            Some(before) => {
                changed.push(EventRow { updated_at: row.updated_at.max(before.updated_at + 1), ..row })
            }
            None => changed.push(row),
        }
    }
    // What was told once is not taken back, but it is over: its days were corrected, or it is told otherwise.
    let gone = known.into_values().filter(|row| row.closed_on.is_none());
    let gone = gone.filter(|row| is_whole || !row.klaviyo_public_id.is_empty());
    changed.extend(gone.map(|row| EventRow {
        closed_on: Some(options.last_complete.max(row.opened_on)),
        words: format!(
            "{} Over: its days were corrected, or told otherwise.",
            row.words.replace(words::OPEN, "")
        ),
        updated_at: options.now.max(row.updated_at + 1),
        ..row
    }));
    changed
}
