//! Events of many accounts at once are one event of the source.

use std::collections::{BTreeMap, BTreeSet};

use super::event::{Event, Kind, Metric};
use super::thresholds::{SOURCE_ACCOUNTS_AT_LEAST, SOURCE_FIRING_AT_LEAST, SOURCE_SHARE};

/// What makes events of several accounts the same.
pub type Same = (Metric, Kind, usize);

fn same(event: &Event) -> Same {
    (event.metric, event.kind, event.opened)
}

/// Takes out the events that are of the source, of so many accounts in all, and puts one of the source in their place.
pub fn gather(events: &mut Vec<Event>, accounts: usize) {
    let mut firing: BTreeMap<Same, BTreeSet<String>> = BTreeMap::new();
    for event in events.iter().filter(|event| event.kind != Kind::FlowStopped) {
        firing.entry(same(event)).or_default().insert(event.account.clone());
    }
    let most_by_chance = SOURCE_SHARE * accounts as f64;
    firing.retain(|_, of| {
        accounts >= SOURCE_ACCOUNTS_AT_LEAST
            && of.len() >= SOURCE_FIRING_AT_LEAST
            && of.len() as f64 > most_by_chance
    });
    for (key, of) in &firing {
        let theirs = || events.iter().filter(|event| same(event) == *key);
        let last_seen = theirs().map(|event| event.last_seen).max().unwrap_or(key.2);
        let is_open = theirs().any(|event| event.closed.is_none());
        let closed = theirs().filter_map(|event| event.closed).max().filter(|_| !is_open);
        let severity = theirs().map(|event| event.severity).max().unwrap_or_default();
        let of_source = Event {
            account: String::new(),
            channel: String::new(),
            metric: key.0,
            kind: key.1,
            subject: String::new(),
            opened: key.2,
            last_seen,
            closed,
            days: 1,
            observed: of.len() as f64,
            expected: 0.0,
            range: (0.0, most_by_chance.max((SOURCE_FIRING_AT_LEAST - 1) as f64)),
            money: 0.0,
            severity,
            words: format!("{} of {accounts} accounts", of.len()),
            reason: "many accounts on the same day: look at the source and the calendar first".to_owned(),
        };
        events.retain(|event| same(event) != *key);
        events.push(of_source);
    }
}
