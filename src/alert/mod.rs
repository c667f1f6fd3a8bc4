//! Telling people what happened to accounts: digests by chat, webhook and mail, each thing once.
//!
//! ```text
//! config   where alerts go                     gather    reads what is the case
//! fact     something that is the case          words     it in plain English
//! mute     what is not to be told              news      what a destination does not know yet
//! line     a row of the outbox                 delivery  the way out of the outbox, step by step
//! digest   a message as people read it         slack, webhook, mail    the same as each of them has it
//! send     one message, and tries again        post      HTTP
//! wall     no address of the inner network     secret    a text that no message shows
//! ```
//!
//! Every step is written before it is done, so that a crash loses nothing; and every message has one id in all of its
//! tries, so that who looks at it takes nothing twice. A webhook has it as its idempotency key, a mail as its Message-ID.
//! Slack looks at no id: where a try may have arrived without our knowing, the next one says that it may be a repeat.

pub mod config;
#[cfg(test)]
mod crash_tests;
pub mod delivery;
pub mod digest;
pub mod fact;
mod gather;
pub mod kind;
pub mod line;
pub mod mail;
pub mod mute;
pub mod news;
pub mod post;
pub mod secret;
pub mod send;
pub mod slack;
pub mod undelivered;
pub mod wall;
pub mod webhook;
pub mod words;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::Result;
use serde::Serialize;
use tracing::warn;

use crate::db::Db;
use crate::db::failpoint::{self, Step};
use crate::exit::ExitCode;
use crate::exit::stop::Stop;
use crate::lock;
use crate::question::Stores;
use crate::refresh::privilege;
use crate::refresh::window::Clock;
use crate::sql;
use crate::status::account_list;
use config::Destination;
use delivery::{Action, Delivery, Outcome};
use digest::Digest;
use line::{GIVEN_UP, Line, WAITING};
use mute::Mutes;
use news::{Moment, Told};
use send::Sender;
use undelivered::{Fate, Undelivered};
use wall::Wall;

/// The table of the outbox.
const OUTBOX: &str = "ai_alert_outbox";

/// Whom to tell, and how.
#[derive(Clone, Debug)]
pub struct Options {
    /// The destinations.
    pub destinations: Vec<Destination>,
    /// Which addresses messages may go to.
    pub wall: Wall,
    /// An account that was not refreshed for so long is stale.
    pub max_age: Duration,
}

/// What became of the alerts.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Summary {
    /// By destination, in the order of the config.
    pub destinations: Vec<Delivered>,
    /// Why nothing could be told, where all of it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// What became of the messages of one destination.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Delivered {
    /// Its name.
    pub destination: String,
    /// Messages that arrived.
    pub sent: usize,
    /// Messages that wait for the next run.
    pub waiting: usize,
    /// Messages that waited for too long and are not tried again.
    #[serde(skip_serializing_if = "is_none")]
    pub given_up: usize,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    #[serde(skip)]
    code: Option<ExitCode>,
}

fn is_none(count: &usize) -> bool {
    *count == 0
}

/// A message that would be sent.
#[derive(Clone, Debug, Serialize)]
pub struct Planned {
    /// To whom.
    pub destination: String,
    /// slack, webhook or mail.
    pub way: &'static str,
    /// The message.
    #[serde(flatten)]
    pub digest: Digest,
}

/// What is new, and what waits.
struct Reading {
    fresh: Vec<Line>,
    waiting: Vec<Line>,
    clock: (u32, Instant),
}

async fn read(db: &Db, options: &Options) -> Result<Reading> {
    let clock = Clock::read(db).await?;
    let read_at = Instant::now();
    let moment = Moment { now: clock.now, today: clock.today };
    let accounts = account_list::summarized(db).await?;
    let stores = Stores::read(db, &accounts).await?;
    let facts = gather::facts(db, &stores, options.max_age, clock.today).await?;
    let told: Vec<Told> = db.statement(&sql::ALERTS_TOLD).fetch_all().await?;
    let waiting: Vec<Line> = db.statement(&sql::ALERTS_WAITING).fetch_all().await?;
    let mutes = Mutes::read(db, clock.today).await?;
    let store = |account: &str| match account {
        "" => "All accounts".to_owned(),
        account => stores.title(account),
    };
    let of = |destination| news::news(destination, &facts, &told, &mutes, store, moment);
    let fresh = options.destinations.iter().flat_map(of).collect();
    let is_known = |line: &Line| options.destinations.iter().any(|it| it.name == line.destination);
    let waiting = waiting.into_iter().filter(is_known).collect();
    Ok(Reading { fresh, waiting, clock: (clock.now, read_at) })
}

/// What would be sent now. Only reads.
pub async fn plan(db: &Db, options: &Options) -> Result<Vec<Planned>> {
    let Reading { fresh, waiting, .. } = read(db, options).await?;
    let mut messages: BTreeMap<(usize, String), Vec<Line>> = BTreeMap::new();
    for line in waiting.into_iter().chain(fresh).filter(|line| !line.message_id.is_empty()) {
        let place = options.destinations.iter().position(|it| it.name == line.destination);
        messages.entry((place.unwrap_or_default(), line.message_id.clone())).or_default().push(line);
    }
    let planned = |((place, _), lines): (&(usize, String), &Vec<Line>)| {
        let destination = &options.destinations[*place];
        let digest = Digest::new(lines);
        Planned { destination: destination.name.clone(), way: destination.way.word(), digest }
    };
    let mut planned: Vec<Planned> = messages.iter().map(planned).collect();
    planned.sort_by(|one, other| one.digest.title.cmp(&other.digest.title));
    planned.sort_by_key(|it| options.destinations.iter().position(|known| known.name == it.destination));
    Ok(planned)
}

/// Tells what is new, and what waited, under the lock.
///
/// # Errors
///
/// What keeps it from reading and writing the outbox. What befalls destinations is in the summary.
pub async fn run(db: &Db, options: &Options, deadline: Instant, stop: &Stop) -> Result<Summary> {
    privilege::refuse_missing(&db.interruptible(), &privilege::to_alert(db)).await?;
    let db = &db.for_a_run().await?;
    let done = lock::hold(db, deadline, stop, tell(db, options, stop)).await?;
    done.released?;
    Ok(done.work)
}

async fn tell(db: &Db, options: &Options, stop: &Stop) -> Result<Summary> {
    let Reading { fresh, waiting, clock } = read(&db.interruptible(), options).await?;
    let sender = Sender { wall: options.wall, retries: *db.retries(), clock, stop: stop.clone() };
    let named = |destination: &Destination| Delivered {
        destination: destination.name.clone(),
        ..Delivered::default()
    };
    let mut summary = Summary { destinations: options.destinations.iter().map(named).collect(), error: None };
    let mut messages: BTreeMap<&str, std::collections::BTreeSet<&str>> = BTreeMap::new();
    for line in waiting.iter().chain(fresh.iter().filter(|line| line.state == WAITING)) {
        messages.entry(&line.destination).or_default().insert(&line.message_id);
    }
    for told in &mut summary.destinations {
        told.waiting = messages.get(told.destination.as_str()).map_or(0, |messages| messages.len());
    }
    let mut delivery = Delivery::new(waiting.clone(), fresh.clone(), clock.0);
    while stop.code().is_none() {
        match delivery.next_step() {
            Action::End => break,
            Action::Write(lines) => {
                write(db, Step::AlertNote, &lines).await?;
                let is_given_up = lines.first().is_some_and(|line| line.state == GIVEN_UP);
                if let Some(place) = place_of(&options.destinations, &lines).filter(|_| is_given_up) {
                    let told = &mut summary.destinations[place];
                    told.waiting = told.waiting.saturating_sub(1);
                    told.given_up += 1;
                }
            }
            Action::Send(lines) => {
                let Some(place) = place_of(&options.destinations, &lines) else { continue };
                let sending = async {
                    let sent = sender.send(&options.destinations[place], &Digest::new(&lines)).await;
                    // Arrived or not, the step itself is done.
                    anyhow::Ok(sent)
                };
                let sent = failpoint::step(Step::AlertSend, sending).await?;
                let outcome = note(&mut summary.destinations[place], sent);
                write(db, Step::AlertRecord, &delivery.sent(outcome)).await?;
            }
        }
    }
    Ok(summary)
}

fn place_of(destinations: &[Destination], lines: &[Line]) -> Option<usize> {
    let name = &lines.first()?.destination;
    destinations.iter().position(|destination| destination.name == *name)
}

fn note(told: &mut Delivered, sent: Result<(), Undelivered>) -> Outcome {
    let failure = match sent {
        Ok(()) => {
            told.sent += 1;
            told.waiting = told.waiting.saturating_sub(1);
            return Outcome::Arrived;
        }
        Err(failure) => failure,
    };
    let error = failure.to_string();
    warn!(destination = told.destination, "an alert could not be delivered: {error} ({})", failure.remedy());
    told.error = Some(error.clone());
    let fate = failure.fate;
    told.code = Some(crate::exit::Failure::from(failure).code);
    match fate {
        Fate::Later(rest) => Outcome::Later(error, rest),
        Fate::Refused => Outcome::Refused(error),
        Fate::Unknown => Outcome::Unknown(error),
    }
}

async fn write(db: &Db, step: Step, lines: &[Line]) -> Result<()> {
    failpoint::step(step, async {
        match lines {
            [] => Ok(()),
            lines => db.insert(OUTBOX, lines).await,
        }
    })
    .await
}

impl Summary {
    /// The exit code of a run whose purpose this is.
    pub fn code(&self) -> ExitCode {
        ExitCode::of(&self.destinations.iter().filter_map(|it| it.code).collect::<Vec<_>>())
    }
}
