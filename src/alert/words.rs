//! News in plain English: short, true, and with the account's own currency.

use chrono::{Datelike, NaiveDate};
use clickhouse::Row;
use serde::Deserialize;

use super::kind::Kind;
use crate::output::{counted, printable};
use crate::question::Currency;
use crate::question::decimals;

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
    /// How many days its figures are of: 1, or several up to its most unusual one.
    pub days: u8,
    /// What was on these days.
    pub observed: f64,
    /// What was expected of them.
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
    let digits = decimals::that_tell_apart(&[100.0 * event.observed, 100.0 * event.expected], 2);
    let shown = |number: f64| figure(&event.metric, number, digits, currency);
    let (observed, expected) = (shown(event.observed), shown(event.expected));
    let is_short = event.opened_on == event.last_seen_on;
    let when = match event.days {
        days @ 2.. if is_short => format!("in the {days} days to {}", date(event.last_seen_on, today)),
        _ => when(event, today),
    };
    let day = match event.days {
        _ if is_short => String::new(),
        days @ 2.. => format!(" in {days} days"),
        _ if is_below => " on the lowest day".to_owned(),
        _ => " on the highest day".to_owned(),
    };
    let reason = match event.reason.as_str() {
        "" => String::new(),
        reason => format!(" ({reason})"),
    };
    format!(
        "{} {} than usual {}: {observed}{day}, about {expected} expected{reason}.",
        of_channel(name(&event.metric), &event.send_channel),
        if is_below { "lower" } else { "higher" },
        when,
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

fn figure(metric: &str, number: f64, digits: usize, currency: Option<Currency>) -> String {
    match (metric, currency) {
        (metric, _) if metric.ends_with("_rate") => format!("{:.digits$} %", 100.0 * number),
        ("revenue", Some(currency)) if number < 100.0 => currency.exact(number),
        ("revenue", Some(currency)) => currency.whole(number),
        ("revenue", None) if number < 100.0 => format!("{number:.2}"),
        _ => decimals::separated(number, 0),
    }
}

/// The table's sentence without how it goes on, which is told in other words here.
fn without_ending(words: &str) -> &str {
    let ends = [" Not over", " Over on ", " Over: "];
    // The last of them: a name within the sentence may say the same.
    let end = ends.iter().filter_map(|end| words.rfind(end)).max();
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

#[cfg(test)]
mod tests {
    use super::*;

    fn day(day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 11, day).expect("a date")
    }

    fn an_event(kind: &str, metric: &str, channel: &str) -> Event {
        Event {
            event_id: "e".to_owned(),
            klaviyo_public_id: "acme".to_owned(),
            send_channel: channel.to_owned(),
            metric: metric.to_owned(),
            kind: kind.to_owned(),
            severity: "high".to_owned(),
            opened_on: day(20),
            last_seen_on: day(20),
            closed_on: None,
            days: 1,
            observed: 1234.4,
            expected: 2000.0,
            words: String::new(),
            reason: String::new(),
        }
    }

    fn told(event: &Event) -> String {
        super::event(event, Currency::from_code("EUR"), day(25))
    }

    #[test]
    fn an_event_is_told_in_a_short_sentence() {
        let revenue = an_event("below_usual", "revenue", "");
        assert_eq!(told(&revenue), "Revenue lower than usual on 20 Nov: €1,234, about €2,000 expected.");
        let without = super::event(&revenue, None, NaiveDate::from_ymd_opt(2027, 1, 2).expect("a date"));
        assert_eq!(without, "Revenue lower than usual on 20 Nov 2026: 1,234, about 2,000 expected.");
        let rate = Event {
            last_seen_on: day(22),
            closed_on: Some(day(24)),
            observed: 0.0312,
            expected: 0.01,
            ..an_event("above_usual", "spam_rate", "sms")
        };
        let words = "Over since 24 Nov: SMS spam complaint rate higher than usual from 20 Nov to 22 Nov: 3.12 % on the \
                     highest day, about 1.00 % expected.";
        assert_eq!(told(&rate), words);
        let reason = "fewer messages: 1,000 delivered, 2,000 expected".to_owned();
        let delivered = Event { reason, ..an_event("below_usual", "delivered", "email") };
        let words = "Email messages delivered: lower than usual on 20 Nov: 1,234, about 2,000 expected (fewer messages: \
                     1,000 delivered, 2,000 expected).";
        assert_eq!(told(&delivered), words);
        // Of several days together the figures are sums, and no single day had them.
        let together = |last: u32| Event {
            days: 3,
            last_seen_on: day(last),
            ..an_event("below_usual", "delivered", "sms")
        };
        let words =
            "SMS messages delivered: lower than usual in the 3 days to 20 Nov: 1,234, about 2,000 expected.";
        assert_eq!(told(&together(20)), words);
        let words = "SMS messages delivered: lower than usual from 20 Nov to 22 Nov: 1,234 in 3 days, about 2,000 expected.";
        assert_eq!(told(&together(22)), words);
        let source = Event { klaviyo_public_id: String::new(), observed: 8.0, ..revenue };
        let words = "Revenue lower than usual on 20 Nov at 8 accounts at once: look at the source of the data and at the \
                     calendar first.";
        assert_eq!(told(&source), words);
    }

    #[test]
    fn what_the_table_says_of_flows_and_data_is_told_without_its_ending() {
        let flow = |ending: &str| Event {
            words: format!(
                "Flow \"a Over on b\u{1b}\" has sent nothing since 2026-11-20: usually 9 messages a day.{ending}"
            ),
            ..an_event("flow_stopped", "delivered", "email")
        };
        let words = "Flow \"a Over on b\u{fffd}\" has sent nothing since 20 Nov: usually 9 messages a day.";
        for ending in [" Not over yet.", " Not over since 2026-11-20.", " Over on 2026-11-24."] {
            assert_eq!(told(&flow(ending)), words);
        }
        let tracking = told(&an_event("tracking_broken", "open_rate", "email"));
        assert_eq!(
            tracking,
            "Email opens fell to nothing on 20 Nov while clicks went on: the tracking of opens is broken."
        );
    }

    #[test]
    fn a_budget_is_told_by_whose_it_is() {
        assert_eq!(
            budget("token agency month 1000 calls", 90),
            "The chatbot of \"agency\" has used 90 % of its budget of 1000 calls a month."
        );
        assert_eq!(
            budget("account XqkVGb day 5.50 money", 100),
            "The chatbot has used 100 % of its budget of 5.50 (money) a day."
        );
        assert_eq!(budget("odd \"label", 50), "50 % of the chatbot's budget \"odd 'label\" are used.");
    }

    #[test]
    fn a_forecast_and_a_stale_account_are_told_in_plain_words() {
        assert_eq!(
            forecast(50.0, false),
            "The revenue forecast was off lately: 50 % of the days fell into its range, about 80 % should."
        );
        assert_eq!(stale(Some(47)), "The numbers are not up to date: last refreshed 47 hours ago.");
        assert_eq!(stale(Some(48)), "The numbers are not up to date: last refreshed 2 days ago.");
        assert!(stale(None).starts_with("The numbers were never complete"));
    }
}
