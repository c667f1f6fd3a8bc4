//! An event in plain English.

use chrono::NaiveDate;

use super::event::{Event, Kind, Metric};
use crate::output::printable;
use crate::question::decimals;

/// The longest name in a sentence, in characters.
const LONGEST_NAME: usize = 60;

/// A name of the data in a sentence: quoted, so that nobody takes it for words of ours, and no longer than a sentence bears.
pub fn quoted(name: &str) -> String {
    let name = printable(name).replace('"', "'");
    match name.char_indices().nth(LONGEST_NAME) {
        Some((end, _)) => format!("\"{}…\"", &name[..end]),
        None => format!("\"{name}\""),
    }
}

/// A number with groups of three digits.
pub fn grouped(number: f64) -> String {
    let digits = format!("{:.0}", number.abs());
    let first = digits.len() % 3;
    let mut groups: Vec<&str> = Vec::new();
    if first > 0 {
        groups.push(&digits[..first]);
    }
    groups.extend((first..digits.len()).step_by(3).map(|at| &digits[at..at + 3]));
    groups.join(",")
}

fn figure(metric: Metric, value: f64, digits: usize) -> String {
    match metric {
        _ if metric.is_rate() => format!("{:.digits$} %", 100.0 * value),
        Metric::Revenue if value < 100.0 => format!("{value:.2}"),
        _ => grouped(value),
    }
}

fn name(metric: Metric) -> &'static str {
    match metric {
        Metric::Revenue => "revenue",
        Metric::Delivered => "messages delivered",
        Metric::OpenRate => "open rate",
        Metric::ClickRate => "click rate",
        Metric::ConversionRate => "conversion rate",
        Metric::UnsubscribeRate => "unsubscribe rate",
        Metric::SpamRate => "spam complaint rate",
        Metric::BounceRate => "bounce rate",
        Metric::Data => "data",
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}

/// What happened on the most unusual day, or in so many days to it, and how it ended.
pub fn sentence(event: &Event, peak: NaiveDate, date: impl Fn(usize) -> NaiveDate) -> String {
    let on = match event.channel.as_str() {
        "" => String::new(),
        channel => format!(" of channel {}", quoted(channel)),
    };
    let side = if event.kind == Kind::BelowUsual { "below" } else { "above" };
    let change = match event.expected > 0.0 {
        true => {
            format!(
                "{:.0} % {side} the expected",
                100.0 * (event.observed - event.expected).abs() / event.expected
            )
        }
        false => format!("{side} the expected"),
    };
    let when = match event.days {
        1 => format!("on {peak}"),
        days => format!("in the {days} days to {peak}"),
    };
    let percents = [event.observed, event.expected, event.range.0, event.range.1].map(|rate| 100.0 * rate);
    let digits = decimals::that_tell_apart(&percents, 2);
    let shown = |value| figure(event.metric, value, digits);
    format!(
        "{}{on} {when}: {}, {change} {} (usual: {} to {}).{}",
        capital(name(event.metric)),
        shown(event.observed),
        shown(event.expected),
        shown(event.range.0),
        shown(event.range.1),
        ending(event, date)
    )
}

/// Said of what is open: the days after the last unusual one were as usual, or say nothing yet.
pub const OPEN: &str = " Not known to be over.";

/// How it goes on.
pub fn ending(event: &Event, date: impl Fn(usize) -> NaiveDate) -> String {
    match event.closed {
        Some(day) => format!(" Over on {}.", date(day)),
        // That it goes on is said by the sentence itself.
        None if matches!(event.kind, Kind::FlowStopped | Kind::DataMissing) => String::new(),
        None if event.opened == event.last_seen => OPEN.to_owned(),
        None => format!(" Seen from {} to {}.{OPEN}", date(event.opened), date(event.last_seen)),
    }
}
