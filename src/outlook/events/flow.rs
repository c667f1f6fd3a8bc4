//! Flows that fell silent.

use clickhouse::Row;
use serde::Deserialize;

use super::days::Account;
use super::detect::Found;
use super::event::{Event, Kind, Metric};
use super::severity;
use super::thresholds::{BASELINE_DAYS, REGULAR_DAYS, REGULAR_MESSAGES, SILENT_DAYS};

/// One flow on one channel, as it is read.
#[derive(Clone, Debug, Row, Deserialize)]
pub struct FlowRow {
    /// The account.
    pub account: String,
    /// The channel.
    pub channel: String,
    /// Its id.
    pub flow: String,
    /// Its name.
    pub flow_name: String,
    /// The days on which it sent, with messages delivered and revenue.
    pub sent: Vec<(u32, f64, f64)>,
    /// From each to the next.
    pub steps: Vec<i64>,
}

/// Its events: each a silence longer than any in the 28 days before it, on most of which it sent.
pub fn detect(account: &Account, row: &FlowRow) -> Vec<Found> {
    let length = account.is_missing.len();
    let mut days: Vec<Option<(f64, f64)>> = vec![None; length];
    row.sent.iter().for_each(|(day, messages, revenue)| days[*day as usize] = Some((*messages, *revenue)));
    let mut found: Vec<Found> = Vec::new();
    let mut silence = 0;
    for day in 0..length {
        let is_open = found.last().is_some_and(|found| found.event.closed.is_none());
        if days[day].is_some() {
            silence = 0;
            if let Some(found) = found.last_mut().filter(|_| is_open) {
                found.event.closed = Some(day);
            }
            continue;
        }
        if account.is_missing[day] {
            continue;
        }
        silence += 1;
        match found.last_mut().filter(|_| is_open) {
            Some(found) => {
                found.event.last_seen = day;
                // Switched off, not stopped.
                if day - found.event.opened >= BASELINE_DAYS {
                    found.event.closed = Some(day);
                }
            }
            None if silence >= SILENT_DAYS => found.extend(stopped(account, row, &days, day, silence)),
            None => {}
        }
    }
    for it in &mut found {
        let usual = it.event.money;
        it.event.money = usual * (it.event.last_seen - it.event.opened + 1) as f64;
        it.event.severity = severity::of(&it.event, 0.0, account.month_before(it.event.opened));
    }
    found
}

fn stopped(
    account: &Account,
    row: &FlowRow,
    days: &[Option<(f64, f64)>],
    day: usize,
    silence: usize,
) -> Option<Found> {
    let opened = (0..=day).rev().filter(|day| !account.is_missing[*day]).nth(silence - 1)?;
    let before = &days[opened.checked_sub(BASELINE_DAYS)?..opened];
    let sent = || before.iter().flatten();
    let messages: f64 = sent().map(|(messages, _)| messages).sum();
    let longest = before.split(Option::is_some).map(<[_]>::len).max().unwrap_or_default();
    // Later days of a silence that was no event are none either.
    let is_new = silence == SILENT_DAYS.max(longest + 1);
    if !is_new || sent().count() < REGULAR_DAYS || messages < REGULAR_MESSAGES {
        return None;
    }
    let of_day = BASELINE_DAYS as f64;
    let least = sent().map(|(messages, _)| *messages).fold(f64::INFINITY, f64::min);
    let most = sent().map(|(messages, _)| *messages).fold(0.0, f64::max);
    let event = Event {
        account: row.account.clone(),
        channel: row.channel.clone(),
        metric: Metric::Delivered,
        kind: Kind::FlowStopped,
        subject: row.flow.clone(),
        opened,
        last_seen: day,
        closed: None,
        days: 1,
        observed: 0.0,
        expected: messages / of_day,
        range: (least, most),
        money: sent().map(|(_, revenue)| revenue).sum::<f64>() / of_day,
        severity: 0,
        words: row.flow_name.clone(),
        reason: String::new(),
    };
    Some(Found { event, peak: opened, score: 0.0, sent: None })
}
