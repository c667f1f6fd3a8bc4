//! News in plain English: short, true, and with the account's own currency.

use chrono::{Datelike, NaiveDate};
use clickhouse::Row;
use serde::Deserialize;

use super::kind::Kind;
use crate::output::{counted, printable};
use crate::question::Currency;

/// An event as its table has it.
#[derive(Clone, Debug, PartialEq, Row, Deserialize)]
pub struct Event {
    /// Its id.
    pub event_id: String,
    /// The account; empty for the source.
    pub klaviyo_public_id: String,
    /// The channel; empty for all.
    pub send_channel: String,
    /// What it is about.
    pub metric: String,
    /// What happened.
    pub kind: String,
    /// How bad it is.
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
    /// What was on its most unusual day.
    pub observed: f64,
    /// What was expected of it.
    pub expected: f64,
    /// It in a sentence, as the table has it.
    pub words: String,
    /// Why, where a rule knows.
    pub reason: String,
}

/// An event in a sentence for people.
pub fn event(event: &Event, currency: Option<Currency>, today: NaiveDate) -> String {
    let opened_on = date(event.opened_on, today);
    let text = match event.kind.as_str() {
        "below_usual" | "above_usual" if event.klaviyo_public_id.is_empty() => of_source(event, today),
        "below_usual" | "above_usual" => unusual(event, currency, today),
        "tracking_broken" => format!(
            "{} fell to nothing on {opened_on} while clicks went on: the tracking of opens is broken.",
            of_channel("opens", &event.send_channel)
        ),
        _ => without_ending(&event.words).replace(&event.opened_on.to_string(), &opened_on),
    };
    let text = printable(&text);
    match event.closed_on {
        Some(day) => format!("Over since {}: {text}", date(day, today)),
        None => text,
    }
}

/// 24 Nov, and the year where it is another.
pub fn date(day: NaiveDate, today: NaiveDate) -> String {
    let form = if day.year() == today.year() { "%-d %b" } else { "%-d %b %Y" };
    day.format(form).to_string()
}

fn when(event: &Event, today: NaiveDate) -> String {
    let first = date(event.opened_on, today);
    match event.opened_on == event.last_seen_on {
        true => format!("on {first}"),
        false => format!("from {first} to {}", date(event.last_seen_on, today)),
    }
}

fn unusual(event: &Event, currency: Option<Currency>, today: NaiveDate) -> String {
    let is_below = event.kind == "below_usual";
    let shown = |number: f64| figure(&event.metric, number, currency);
    let (observed, expected) = (shown(event.observed), shown(event.expected));
    let day = match event.opened_on == event.last_seen_on {
        true => "",
        false if is_below => " on the lowest day",
        false => " on the highest day",
    };
    let reason = match event.reason.as_str() {
        "" => String::new(),
        reason => format!(" ({reason})"),
    };
    format!(
        "{} {} than usual {}: {observed}{day}, about {expected} expected{reason}.",
        of_channel(name(&event.metric), &event.send_channel),
        if is_below { "lower" } else { "higher" },
        when(event, today),
    )
}

/// Many accounts at once.
fn of_source(event: &Event, today: NaiveDate) -> String {
    format!(
        "{} {} than usual {} at {} at once: look at the source of the data and at the calendar first.",
        capital(name(&event.metric)),
        if event.kind == "below_usual" { "lower" } else { "higher" },
        when(event, today),
        counted(event.observed as u64, "account"),
    )
}

fn name(metric: &str) -> &str {
    match metric {
        "delivered" => "messages delivered:",
        "open_rate" => "open rate",
        "click_rate" => "click rate",
        "conversion_rate" => "share of people who ordered",
        "unsubscribe_rate" => "unsubscribe rate",
        "spam_rate" => "spam complaint rate",
        "bounce_rate" => "bounce rate",
        other => other,
    }
}

/// `Email revenue`, `Revenue`.
fn of_channel(what: &str, channel: &str) -> String {
    match channel {
        "" => capital(what),
        "email" => format!("Email {what}"),
        "sms" => format!("SMS {what}"),
        "mobile_push" => format!("Mobile push {what}"),
        other => format!("\"{}\" {what}", other.replace('"', "'")),
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}

fn figure(metric: &str, number: f64, currency: Option<Currency>) -> String {
    match (metric, currency) {
        (metric, _) if metric.ends_with("_rate") => format!("{:.2} %", 100.0 * number),
        ("revenue", Some(currency)) if number < 100.0 => currency.exact(number),
        ("revenue", Some(currency)) => currency.whole(number),
        ("revenue", None) if number < 100.0 => format!("{number:.2}"),
        _ => crate::question::decimals::separated(number, 0),
    }
}

/// The table's sentence without how it goes on, which is told in other words here.
fn without_ending(words: &str) -> &str {
    let ends = [" Not over", " Over on ", " Over: "];
    let end = ends.iter().filter_map(|end| words.rfind(end)).min();
    words[..end.unwrap_or(words.len())].trim_end()
}

/// An account whose last whole refresh is too old.
pub fn stale(hours: Option<u64>) -> String {
    match hours {
        None => "The numbers were never complete: no whole refresh has ended well yet.".to_owned(),
        Some(0) => "The numbers are not up to date: last refreshed less than an hour ago.".to_owned(),
        Some(1) => "The numbers are not up to date: last refreshed an hour ago.".to_owned(),
        Some(hours) if hours < 48 => {
            format!("The numbers are not up to date: last refreshed {hours} hours ago.")
        }
        Some(hours) => format!("The numbers are not up to date: last refreshed {} days ago.", hours / 24),
    }
}

/// An account whose last refresh did not end well.
pub fn trouble(kind: Kind) -> &'static str {
    match kind {
        Kind::HeldBack => {
            "The last refresh was held back, because the new data looked wrong: the numbers are those of before."
        }
        Kind::BrokenOff => "The last refresh broke off: some numbers are new, some are those of before.",
        _ => "The last refresh failed: the numbers are those of before.",
    }
}

/// An account whose forecasts were wrong.
pub fn forecast(coverage_pct: f64, is_worse: bool) -> String {
    let mut text = format!(
        "The revenue forecast was off lately: {coverage_pct:.0} % of the days fell into its range, about 80 % should."
    );
    if is_worse {
        text.push_str(" Last week's numbers, repeated, were closer.");
    }
    text
}

/// A share of a budget, which the chat log names as its file does: `token agency month 1000 calls`.
pub fn budget(label: &str, percent: u64) -> String {
    let label = printable(label);
    let words: Vec<&str> = label.split(' ').collect();
    let [whose, name, period, amount, unit] = words[..] else {
        return format!("{percent} % of the chatbot's budget \"{}\" are used.", label.replace('"', "'"));
    };
    let amount = match unit {
        "calls" => format!("{amount} calls"),
        _ => format!("{amount} (money)"),
    };
    let whose = if whose == "token" { format!(" of \"{}\"", name.replace('"', "'")) } else { String::new() };
    format!("The chatbot{whose} has used {percent} % of its budget of {amount} a {period}.")
}

/// Something that is found no more.
pub fn no_longer(kind: Kind) -> &'static str {
    match kind {
        Kind::Stale => "The numbers are up to date again.",
        Kind::Failed | Kind::HeldBack | Kind::BrokenOff => "The refresh works again.",
        Kind::Forecast => "The revenue forecast is as close as it should be again.",
        Kind::Event | Kind::Budget => "It is over.",
    }
}
