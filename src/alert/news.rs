//! What is news for a destination: what is the case, less what it was told before. Pure.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate};
use clickhouse::Row;
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::config::{Destination, Mode};
use super::fact::{Fact, Facts};
use super::kind::{Change, Kind, SEVERITIES, severity_of};
use super::line::{Line, QUIET, WAITING};
use super::mute::Mutes;
use super::words;

/// Something that was over before anybody was told of it is news for so many days.
pub const NEWS_FOR_DAYS: u64 = 7;

/// What was told of a topic last.
#[derive(Clone, Debug, PartialEq, Row, Deserialize)]
pub struct Told {
    /// The destination.
    pub destination: String,
    /// What it is about.
    pub topic: String,
    /// The account.
    pub klaviyo_public_id: String,
    /// How often it had happened.
    pub turn: u32,
    /// `opened` or `closed`.
    pub change: String,
    /// Its kind.
    pub kind: String,
    /// How bad it was.
    pub severity: String,
    /// What people called the account.
    pub store: String,
    /// The day.
    #[serde(with = "clickhouse::serde::chrono::date")]
    pub told_on: NaiveDate,
}

impl Told {
    fn is_open(&self) -> bool {
        self.change == Change::Opened.word()
    }
}

/// The moment of a run.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// The server's clock, in seconds since 1970.
    pub now: u32,
    /// The server's date.
    pub today: NaiveDate,
}

/// What is to be sent to a destination, each line in its message.
pub fn news(
    destination: &Destination,
    facts: &Facts,
    told: &[Told],
    mutes: &Mutes,
    store: impl Fn(&str) -> String,
    moment: Moment,
) -> Vec<Line> {
    let told: BTreeMap<&str, &Told> = told
        .iter()
        .filter(|told| told.destination == destination.name)
        .map(|told| (told.topic.as_str(), told))
        .collect();
    let mut lines = Vec::new();
    for fact in facts.facts.iter().filter(|fact| destination.wants(&fact.account, fact.kind, fact.severity)) {
        let last = told.get(fact.topic.as_str()).copied();
        let Some((turn, change)) = change_of(fact, last, moment.today) else { continue };
        // What came and went while nobody was to hear of it is not told afterwards either.
        let day = if last.is_none() { fact.over_on.unwrap_or(moment.today) } else { moment.today };
        if mutes.cover(&fact.account, fact.kind, day) || mutes.cover(&fact.account, fact.kind, moment.today) {
            continue;
        }
        lines.push(Line {
            klaviyo_public_id: fact.account.clone(),
            topic: fact.topic.clone(),
            turn,
            change: change.word().to_owned(),
            kind: fact.kind.word().to_owned(),
            severity: SEVERITIES[fact.severity.min(3)].to_owned(),
            store: store(&fact.account),
            words: fact.words.clone(),
            state: WAITING.to_owned(),
            ..Line::default()
        });
    }
    let is_there = |topic: &str| facts.facts.iter().any(|fact| fact.topic == topic);
    for last in told.values().filter(|last| last.is_open() && !is_there(&last.topic)) {
        let Some(kind) = Kind::of(&last.kind).filter(|kind| kind.is_condition()) else { continue };
        let is_muted = mutes.cover(&last.klaviyo_public_id, kind, moment.today);
        if is_muted || !destination.wants(&last.klaviyo_public_id, kind, severity_of(&last.severity)) {
            continue;
        }
        let is_known = facts.watched.contains(&last.klaviyo_public_id);
        lines.push(Line {
            klaviyo_public_id: last.klaviyo_public_id.clone(),
            topic: last.topic.clone(),
            turn: last.turn,
            change: Change::Closed.word().to_owned(),
            kind: last.kind.clone(),
            severity: last.severity.clone(),
            store: store(&last.klaviyo_public_id),
            words: words::no_longer(kind).to_owned(),
            // That nothing is found any more says nothing good of an account that nobody looks at, or of a forecast.
            state: if is_known && kind != Kind::Forecast { WAITING } else { QUIET }.to_owned(),
            ..Line::default()
        });
    }
    address(destination, lines, moment)
}

/// What changed since it was told last.
fn change_of(fact: &Fact, last: Option<&Told>, today: NaiveDate) -> Option<(u32, Change)> {
    match (last, fact.over_on) {
        (None, None) => Some((1, Change::Opened)),
        (None, Some(day)) => (day + Days::new(NEWS_FOR_DAYS) > today).then_some((1, Change::Closed)),
        (Some(last), None) if last.is_open() => {
            // A refresh that failed and is now held back.
            (last.kind != fact.kind.word()).then_some((last.turn + 1, Change::Opened))
        }
        (Some(last), None) => (last.told_on + Days::new(fact.kind.rest_days()) <= today)
            .then_some((last.turn + 1, Change::Opened)),
        (Some(last), Some(_)) => last.is_open().then_some((last.turn, Change::Closed)),
    }
}

/// Puts ids on the lines, and each into its message.
fn address(destination: &Destination, mut lines: Vec<Line>, moment: Moment) -> Vec<Line> {
    for line in &mut lines {
        let turn = line.turn.to_string();
        line.destination.clone_from(&destination.name);
        line.alert_id = id(&[&line.destination, &line.topic, &turn, &line.change], 8);
        (line.made_at, line.updated_at, line.version) = (moment.now, moment.now, 1);
    }
    let of_message = |line: &Line| match destination.digest {
        Mode::Account => line.klaviyo_public_id.clone(),
        Mode::Agency => String::new(),
    };
    let mut messages: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in lines.iter().filter(|line| line.state == WAITING) {
        messages.entry(of_message(line)).or_default().push(line.alert_id.clone());
    }
    for line in lines.iter_mut().filter(|line| line.state == WAITING) {
        let alerts: Vec<&str> = messages[&of_message(line)].iter().map(String::as_str).collect();
        line.message_id = id(&alerts, 16);
    }
    lines
}

fn id(parts: &[&str], bytes: usize) -> String {
    let digest = Sha256::digest(parts.join("\n"));
    digest.iter().take(bytes).map(|byte| format!("{byte:02x}")).collect()
}
