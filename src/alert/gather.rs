//! Reads what is the case: events, accounts that nobody refreshed, budgets, forecasts that were wrong.

use std::time::Duration;

use anyhow::Result;
use chrono::NaiveDate;
use clickhouse::Row;
use serde::Deserialize;

use super::fact::{Fact, Facts};
use super::kind::{Kind, severity_of};
use super::words;
use crate::db::{Db, QueryError};
use crate::question::Stores;
use crate::schema::trouble::Troubled;
use crate::sql;
use crate::status::{self, Stale, Status, WrongForecast};

/// Events that were over so many days ago are still looked at: their end may not be told yet.
const EVENT_DAYS: u16 = 30;
/// Budgets whose shares were reached so many days ago.
const BUDGET_DAYS: u16 = 7;
/// How bad the kinds are that have no measure of their own.
const MEDIUM: usize = 1;
const HIGH: usize = 2;

#[derive(Row, Deserialize)]
struct Budget {
    budget: String,
    klaviyo_public_id: String,
    percent: u64,
    #[serde(with = "clickhouse::serde::chrono::date")]
    reached_on: NaiveDate,
}

/// All that is the case on this day.
pub async fn facts(db: &Db, stores: &Stores, max_age: Duration, today: NaiveDate) -> Result<Facts> {
    let events = db.statement(&sql::ALERT_EVENTS).param("today", today).param("days", EVENT_DAYS);
    let events: Vec<words::Event> = events.fetch_all().await?;
    let status = status::read(db, max_age).await?;
    let mut facts: Vec<Fact> = events.iter().map(|it| event(it, stores, today)).collect();
    facts.extend(status.stale.iter().map(stale));
    facts.extend(troubled(&status));
    facts.extend(budgets(db, today).await?);
    facts.extend(status.wrong_forecasts.iter().map(forecast));
    Ok(Facts { facts, watched: status.watched })
}

fn event(event: &words::Event, stores: &Stores, today: NaiveDate) -> Fact {
    Fact {
        topic: format!("event/{}", event.event_id),
        account: event.klaviyo_public_id.clone(),
        kind: Kind::Event,
        severity: severity_of(&event.severity),
        over_on: event.closed_on,
        words: words::event(event, stores.currency(&event.klaviyo_public_id), today),
    }
}

/// A fact that lasts as long as it is found.
fn lasting(topic: &str, account: &str, kind: Kind, severity: usize, words: String) -> Fact {
    let topic = format!("{topic}/{account}");
    Fact { topic, account: account.to_owned(), kind, severity, over_on: None, words }
}

fn stale(stale: &Stale) -> Fact {
    lasting("stale", &stale.klaviyo_public_id, Kind::Stale, HIGH, words::stale(stale.hours))
}

/// One fact per account, the worst of its tables.
fn troubled(status: &Status) -> Vec<Fact> {
    let kind = |it: &Troubled| match it.state.as_str() {
        "held_back" => Some(Kind::HeldBack),
        "failed" => Some(Kind::Failed),
        // A run that lives is publishing right now.
        _ if status.broken_off.contains(&it.klaviyo_public_id) => Some(Kind::BrokenOff),
        _ => None,
    };
    let mut found: Vec<(&str, Kind)> =
        status.troubled.iter().filter_map(|it| Some((it.klaviyo_public_id.as_str(), kind(it)?))).collect();
    found.sort();
    found.dedup_by(|later, first| later.0 == first.0);
    let fact = |(account, kind): (&str, Kind)| {
        lasting("refresh", account, kind, HIGH, words::trouble(kind).to_owned())
    };
    found.into_iter().map(fact).collect()
}

fn forecast(wrong: &WrongForecast) -> Fact {
    let is_worse = wrong.error_vs_naive_pct.is_none_or(|percent| percent > 100.0);
    let words = words::forecast(wrong.coverage_pct, is_worse);
    lasting("forecast", &wrong.klaviyo_public_id, Kind::Forecast, MEDIUM, words)
}

/// None where an older version kept no log.
async fn budgets(db: &Db, today: NaiveDate) -> Result<Vec<Fact>> {
    let statement = db.statement(&sql::ALERT_BUDGETS).param("today", today).param("days", BUDGET_DAYS);
    let budgets: Vec<Budget> = match statement.fetch_all().await {
        Err(error) if QueryError::is_unreadable(&error) => Vec::new(),
        budgets => budgets?,
    };
    let fact = |it: Budget| Fact {
        topic: format!("budget/{}/{}/{}", it.budget, it.percent, it.reached_on),
        // Where it is about a token the log may name the account that was asked about.
        account: if it.budget.starts_with("account ") { it.klaviyo_public_id } else { String::new() },
        kind: Kind::Budget,
        severity: if it.percent >= 90 { HIGH } else { MEDIUM },
        over_on: None,
        words: words::budget(&it.budget, it.percent),
    };
    Ok(budgets.into_iter().map(fact).collect())
}
