//! The days of an account, channel by channel.

use clickhouse::Row;
use serde::Deserialize;

use super::baseline::Value;
use super::event::Metric;
use super::thresholds::{BASELINE_DAYS, REGULAR_DAYS, TRACKS_OPENS, YOUNG_DAYS};

/// One channel of one account, as it is read.
#[derive(Clone, Debug, Row, Deserialize)]
pub struct ChannelRow {
    /// The account.
    pub account: String,
    /// The channel.
    pub channel: String,
    /// Days since the first one that was asked for.
    pub days: Vec<u32>,
    /// 1 where the day has a row of its own.
    pub has_rows: Vec<u8>,
    /// How old each was when it was last read, in days.
    pub ages: Vec<u32>,
    /// Revenue.
    pub revenue: Vec<f64>,
    /// Messages sent.
    pub recipients: Vec<f64>,
    /// Messages delivered.
    pub delivered: Vec<f64>,
    /// Unique opens.
    pub opens: Vec<f64>,
    /// Unique clicks.
    pub clicks: Vec<f64>,
    /// People who converted.
    pub conversions: Vec<f64>,
    /// Unsubscribes.
    pub unsubscribes: Vec<f64>,
    /// Spam complaints.
    pub spam_complaints: Vec<f64>,
}

/// What a day came to.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Day {
    /// Revenue.
    pub revenue: f64,
    /// Messages sent.
    pub recipients: f64,
    /// Messages delivered.
    pub delivered: f64,
    /// Unique opens.
    pub opens: f64,
    /// Delivered on channels that track opens.
    pub delivered_tracked: f64,
    /// Unique clicks.
    pub clicks: f64,
    /// People who converted.
    pub conversions: f64,
    /// Unsubscribes.
    pub unsubscribes: f64,
    /// Spam complaints.
    pub spam_complaints: f64,
    /// Whether its revenue still grows.
    pub is_young: bool,
}

impl Day {
    /// The metric's amount, or its count and what it is counted of.
    pub fn value(&self, metric: Metric) -> Value {
        let of_delivered = |amount| Value { amount, of: self.delivered };
        match metric {
            Metric::Revenue => Value::amount(self.revenue),
            Metric::Delivered | Metric::Data => Value::amount(self.delivered),
            Metric::OpenRate => Value { amount: self.opens, of: self.delivered_tracked },
            Metric::ClickRate => of_delivered(self.clicks),
            Metric::ConversionRate => of_delivered(self.conversions),
            Metric::UnsubscribeRate => of_delivered(self.unsubscribes),
            Metric::SpamRate => of_delivered(self.spam_complaints),
            Metric::BounceRate => {
                Value { amount: (self.recipients - self.delivered).max(0.0), of: self.recipients }
            }
        }
    }

    fn add(&mut self, other: &Day) {
        self.revenue += other.revenue;
        self.recipients += other.recipients;
        self.delivered += other.delivered;
        self.opens += other.opens;
        self.delivered_tracked += other.delivered_tracked;
        self.clicks += other.clicks;
        self.conversions += other.conversions;
        self.unsubscribes += other.unsubscribes;
        self.spam_complaints += other.spam_complaints;
        self.is_young |= other.is_young;
    }
}

/// One channel, or all.
#[derive(Clone, Debug)]
pub struct Channel {
    /// Its name, empty for all.
    pub name: String,
    /// Its first day.
    pub begins: usize,
    /// Every day from the first that was read to the last complete one.
    pub days: Vec<Day>,
}

impl Channel {
    /// Mean revenue of the 28 days before a day.
    pub fn mean_before(&self, day: usize) -> f64 {
        let before = &self.days[day.saturating_sub(BASELINE_DAYS)..day];
        before.iter().map(|day| day.revenue).sum::<f64>() / BASELINE_DAYS as f64
    }
}

/// An account.
#[derive(Clone, Debug)]
pub struct Account {
    /// The account.
    pub id: String,
    /// All channels together, then each, if there are several.
    pub channels: Vec<Channel>,
    /// Days that have no rows though nearly all before had: missing, not zero.
    pub is_missing: Vec<bool>,
}

impl Account {
    /// Puts the channels of one account together, for so many days, the last of which is so many days old.
    pub fn new(rows: &[ChannelRow], length: usize, last_age: i64) -> Option<Account> {
        let mut has_rows = vec![false; length];
        let mut channels: Vec<Channel> = Vec::new();
        for row in rows {
            let days = days(row, length, last_age);
            let with_row =
                || row.days.iter().zip(&row.has_rows).filter(|(_, has)| **has == 1).map(|(day, _)| *day);
            with_row().for_each(|day| has_rows[day as usize] = true);
            let Some(begins) = with_row().min() else { continue };
            channels.push(Channel { name: row.channel.clone(), begins: begins as usize, days });
        }
        let begins = channels.iter().map(|channel| channel.begins).min()?;
        let mut all = Channel { name: String::new(), begins, days: vec![Day::default(); length] };
        for channel in &channels {
            all.days.iter_mut().zip(&channel.days).for_each(|(sum, day)| sum.add(day));
        }
        channels.insert(0, all);
        Some(Account { id: rows[0].account.clone(), channels, is_missing: missing(&has_rows) })
    }

    /// Revenue of the 28 days before a day.
    pub fn month_before(&self, day: usize) -> f64 {
        self.channels[0].mean_before(day) * BASELINE_DAYS as f64
    }
}

fn days(row: &ChannelRow, length: usize, last_age: i64) -> Vec<Day> {
    let mut days = vec![Day::default(); length];
    for (index, day) in row.days.iter().enumerate() {
        let sum = &mut days[*day as usize];
        sum.add(&Day {
            revenue: row.revenue[index],
            recipients: row.recipients[index],
            delivered: row.delivered[index],
            opens: row.opens[index],
            clicks: row.clicks[index],
            conversions: row.conversions[index],
            unsubscribes: row.unsubscribes[index],
            spam_complaints: row.spam_complaints[index],
            // It was read when it still grew, and never again.
            is_young: row.has_rows[index] == 1 && i64::from(row.ages[index]) < YOUNG_DAYS,
            delivered_tracked: 0.0,
        });
    }
    let sum = |of: fn(&Day) -> f64| days.iter().map(of).sum::<f64>();
    let tracks = sum(|day| day.opens) >= TRACKS_OPENS * sum(|day| day.delivered);
    for (index, day) in days.iter_mut().enumerate() {
        day.delivered_tracked = if tracks { day.delivered } else { 0.0 };
        day.opens = if tracks { day.opens } else { 0.0 };
        day.is_young |= last_age + ((length - 1 - index) as i64) < YOUNG_DAYS;
    }
    days
}

/// Days without rows that follow days of which nearly all had some, until rows come again.
fn missing(has_rows: &[bool]) -> Vec<bool> {
    let mut missing = vec![false; has_rows.len()];
    for day in 1..has_rows.len() {
        let newest = day - 1;
        let before = &has_rows[newest.saturating_sub(BASELINE_DAYS)..newest];
        let begins = has_rows[newest] && before.iter().filter(|has| **has).count() >= REGULAR_DAYS;
        missing[day] = !has_rows[day] && (missing[newest] || begins);
    }
    missing
}
