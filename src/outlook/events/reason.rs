//! Why revenue is not as usual, where a rule knows: the messages sent and the revenue of each are told apart.

use super::detect::Found;
use super::event::Metric;
use super::thresholds::REASON_CHANGE;
use super::words::grouped;

/// The reason of an event of revenue; empty without one.
pub fn of(found: &Found) -> String {
    let event = &found.event;
    let Some((sent, usual)) = found.sent.filter(|(_, usual)| event.metric == Metric::Revenue && *usual > 0.0)
    else {
        return String::new();
    };
    let share = sent / usual;
    let each = if share > 0.0 { event.observed / event.expected / share } else { 1.0 };
    let is_below = event.observed < event.expected;
    let differs = |ratio: f64| match is_below {
        true => ratio <= 1.0 - REASON_CHANGE,
        false => ratio >= 1.0 + REASON_CHANGE,
    };
    let [fewer, less] = if is_below { ["fewer", "less"] } else { ["more", "more"] };
    let messages = format!("{fewer} messages: {} delivered, {} expected", grouped(sent), grouped(usual));
    let by_message = format!("{less} revenue per message: {:.0} % of the usual", 100.0 * each);
    match (differs(share), differs(each)) {
        (true, false) => messages,
        (false, true) => by_message,
        (true, true) => format!("{messages}, and {by_message}"),
        (false, false) => String::new(),
    }
}
