//! An event, as its table has it.

use chrono::NaiveDate;
use clickhouse::Row;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// What an event is about, by its word in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Metric {
    /// Revenue.
    Revenue,
    /// Messages delivered.
    Delivered,
    /// Unique opens of the delivered.
    OpenRate,
    /// Unique clicks of the delivered.
    ClickRate,
    /// People who converted of the delivered.
    ConversionRate,
    /// Unsubscribes of the delivered.
    UnsubscribeRate,
    /// Spam complaints of the delivered.
    SpamRate,
    /// Messages that bounced of those sent.
    BounceRate,
    /// Whether there is data.
    Data,
}

impl Metric {
    /// The word in the table.
    pub fn word(self) -> &'static str {
        match self {
            Metric::Revenue => "revenue",
            Metric::Delivered => "delivered",
            Metric::OpenRate => "open_rate",
            Metric::ClickRate => "click_rate",
            Metric::ConversionRate => "conversion_rate",
            Metric::UnsubscribeRate => "unsubscribe_rate",
            Metric::SpamRate => "spam_rate",
            Metric::BounceRate => "bounce_rate",
            Metric::Data => "data",
        }
    }

    /// Whether more of it is worse.
    pub fn is_complaint(self) -> bool {
        matches!(self, Metric::UnsubscribeRate | Metric::SpamRate | Metric::BounceRate)
    }

    /// Whether it is a fraction.
    pub fn is_rate(self) -> bool {
        !matches!(self, Metric::Revenue | Metric::Delivered | Metric::Data)
    }
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Below the usual.
    BelowUsual,
    /// Above it.
    AboveUsual,
    /// A flow that sent nearly every day fell silent.
    FlowStopped,
    /// Opens fell to nothing while clicks went on.
    TrackingBroken,
    /// The sources have no rows.
    DataMissing,
}

impl Kind {
    /// The word in the table.
    pub fn word(self) -> &'static str {
        match self {
            Kind::BelowUsual => "below_usual",
            Kind::AboveUsual => "above_usual",
            Kind::FlowStopped => "flow_stopped",
            Kind::TrackingBroken => "tracking_broken",
            Kind::DataMissing => "data_missing",
        }
    }
}

/// An event with its days counted from the first one that was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// The account; empty for the source.
    pub account: String,
    /// The channel; empty for all.
    pub channel: String,
    /// What it is about.
    pub metric: Metric,
    /// What happened.
    pub kind: Kind,
    /// The flow, if it is about one.
    pub subject: String,
    /// First day.
    pub opened: usize,
    /// Last unusual day.
    pub last_seen: usize,
    /// The day on which it was over.
    pub closed: Option<usize>,
    /// How many days its figures are of: 1, or several up to its most unusual one.
    pub days: usize,
    /// What was on these days: the sum, and of a rate the rate.
    pub observed: f64,
    /// What was expected of them.
    pub expected: f64,
    /// The usual range.
    pub range: (f64, f64),
    /// Revenue that it is about.
    pub money: f64,
    /// 0 low to 3 critical.
    pub severity: usize,
    /// In a sentence.
    pub words: String,
    /// Why, where a rule knows.
    pub reason: String,
}

/// The words for severities.
pub const SEVERITIES: [&str; 4] = ["low", "medium", "high", "critical"];

/// A row of `ai_anomaly_events`.
#[derive(Clone, Debug, PartialEq, Row, Serialize, Deserialize)]
pub struct EventRow {
    /// Id, the same in every run.
    pub event_id: String,
    /// The account; empty for the source.
    pub klaviyo_public_id: String,
    /// The channel; empty for all.
    pub send_channel: String,
    /// What it is about.
    pub metric: String,
    /// What happened.
    pub kind: String,
    /// The flow, if it is about one.
    pub subject: String,
    /// low, medium, high or critical.
    pub severity: String,
    /// First day.
    #[serde(with = "clickhouse::serde::chrono::date")]
    pub opened_on: NaiveDate,
    /// Last unusual day.
    #[serde(with = "clickhouse::serde::chrono::date")]
    pub last_seen_on: NaiveDate,
    /// The day on which it was over.
    #[serde(with = "clickhouse::serde::chrono::date::option")]
    pub closed_on: Option<NaiveDate>,
    /// How many days its figures are of.
    pub days: u8,
    /// What was on these days.
    pub observed: f64,
    /// What was expected of them.
    pub expected: f64,
    /// Lower end of the usual range.
    pub expected_low: f64,
    /// Upper end.
    pub expected_high: f64,
    /// Revenue that it is about.
    pub money_at_stake: f64,
    /// In a sentence.
    pub words: String,
    /// Why, where a rule knows.
    pub reason: String,
    /// When it was computed, in seconds since 1970.
    pub updated_at: u32,
}

impl EventRow {
    /// The row of an event.
    pub fn new(event: &Event, first_day: NaiveDate, updated_at: u32) -> EventRow {
        let date = |day: usize| first_day + chrono::Days::new(day as u64);
        EventRow {
            event_id: id(event, date(event.opened)),
            klaviyo_public_id: event.account.clone(),
            send_channel: event.channel.clone(),
            metric: event.metric.word().to_owned(),
            kind: event.kind.word().to_owned(),
            subject: event.subject.clone(),
            severity: SEVERITIES[event.severity.min(3)].to_owned(),
            opened_on: date(event.opened),
            last_seen_on: date(event.last_seen),
            closed_on: event.closed.map(date),
            days: event.days.min(u8::MAX as usize) as u8,
            observed: rounded(event.observed, 6),
            expected: rounded(event.expected, 6),
            expected_low: rounded(event.range.0, 6),
            expected_high: rounded(event.range.1, 6),
            money_at_stake: rounded(event.money, 2),
            words: event.words.clone(),
            reason: event.reason.clone(),
            updated_at,
        }
    }

    /// Whether nothing but the moment differs.
    pub fn says_the_same(&self, other: &EventRow) -> bool {
        EventRow { updated_at: 0, ..self.clone() } == EventRow { updated_at: 0, ..other.clone() }
    }
}

/// The last digits differ with the first day that was read.
fn rounded(number: f64, decimals: i32) -> f64 {
    let scale = 10_f64.powi(decimals);
    (number * scale).round() / scale
}

fn id(event: &Event, opened_on: NaiveDate) -> String {
    let opened_on = opened_on.to_string();
    let parts =
        [&event.account, &event.channel, event.metric.word(), event.kind.word(), &event.subject, &opened_on];
    let digest = Sha256::digest(parts.join("\n"));
    digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}
