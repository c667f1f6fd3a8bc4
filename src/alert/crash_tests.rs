//! Ten thousand runs that crash, each at a step of its own: nothing is lost, nothing is told twice.
//!
//! The table keeps the highest version of each key, as ours does. A crash comes before a step, or after it: then it had
//! its effect, and nobody knows. Destinations take messages, put them off, refuse them, or take them and say nothing.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use super::config::{Destination, Mode, Source, Way};
use super::delivery::{Action, Delivery, LONGEST_WAIT, Outcome};
use super::digest::Digest;
use super::fact::{Fact, Facts};
use super::kind::Kind;
use super::line::{GIVEN_UP, Line, QUIET, SENDING, SENT, WAITING};
use super::mute::Mutes;
use super::news::{Moment, Told, news};

const CRASHES: usize = 10_000;
const HOUR: u32 = 3600;
const TOPICS: usize = 6;

/// Numbers without a pattern, the same in every run of the test.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % sides
    }
}

type Key = (String, String, String, u32, String);

fn key(line: &Line) -> Key {
    let Line { destination, klaviyo_public_id, topic, turn, change, .. } = line.clone();
    (destination, klaviyo_public_id, topic, turn, change)
}

/// A message as it arrived: what it told, and whether it said that it may be a repeat.
type Arrived = (BTreeSet<String>, bool);

#[derive(Default)]
struct World {
    table: BTreeMap<Key, Line>,
    /// What arrived, by the id of its message.
    inbox: BTreeMap<String, Vec<Arrived>>,
    /// Everything that was ever written to be sent.
    promised: BTreeSet<String>,
    /// How often it was written that a message is about to be sent, by its id.
    tries: BTreeMap<String, usize>,
}

/// How a run ended.
#[derive(PartialEq)]
enum End {
    Crashed,
    Done,
}

impl World {
    fn write(&mut self, lines: &[Line]) {
        for line in lines {
            if line.state == WAITING {
                self.promised.insert(line.alert_id.clone());
            }
            if line.state == SENDING {
                *self.tries.entry(line.message_id.clone()).or_default() += 1;
            }
            let stored = self.table.entry(key(line)).or_insert_with(|| line.clone());
            assert!(line.version >= stored.version && line.alert_id == stored.alert_id, "{line:?}");
            *stored = line.clone();
        }
    }

    fn arrive(&mut self, digest: &Digest, lines: &[Line]) {
        let told = lines.iter().map(|line| line.alert_id.clone()).collect();
        self.inbox.entry(digest.id.clone()).or_default().push((told, digest.may_be_a_repeat));
    }

    fn told(&self) -> Vec<Told> {
        let mut last: BTreeMap<(String, String), &Line> = BTreeMap::new();
        for line in self.table.values() {
            let rank = |line: &Line| (line.turn, line.change == "closed");
            let entry = last.entry((line.destination.clone(), line.topic.clone())).or_insert(line);
            if rank(line) > rank(entry) {
                *entry = line;
            }
        }
        let told = |line: &&Line| Told {
            destination: line.destination.clone(),
            topic: line.topic.clone(),
            klaviyo_public_id: line.klaviyo_public_id.clone(),
            turn: line.turn,
            change: line.change.clone(),
            kind: line.kind.clone(),
            severity: line.severity.clone(),
            store: line.store.clone(),
            told_on: today(),
        };
        last.values().map(told).collect()
    }

    /// A run that is asked to crash at this step, before or after its effect.
    fn run(
        &mut self,
        destinations: &[Destination],
        facts: &Facts,
        now: u32,
        crash: Option<(usize, bool)>,
        dice: &mut Dice,
    ) -> End {
        let (told, mutes) = (self.told(), Mutes::default());
        let moment = Moment { now, today: today() };
        let of = |it| news(it, facts, &told, &mutes, str::to_owned, moment);
        let fresh: Vec<Line> = destinations.iter().flat_map(of).collect();
        let is_waiting = |line: &&Line| [WAITING, SENDING].contains(&line.state.as_str());
        let waiting: Vec<Line> = self.table.values().filter(is_waiting).cloned().collect();
        let mut delivery = Delivery::new(waiting, fresh, now);
        let is_calm = crash.is_none();
        let mut step = 0;
        let mut crashes = |is_after: bool| {
            step += usize::from(!is_after);
            crash == Some((step - 1, is_after))
        };
        loop {
            let action = delivery.next_step();
            if action == Action::End {
                return End::Done;
            }
            if crashes(false) {
                return End::Crashed;
            }
            let outcome = match action {
                Action::End => return End::Done,
                Action::Write(lines) => {
                    self.write(&lines);
                    None
                }
                Action::Send(lines) => Some(self.send(&lines, is_calm, dice)),
            };
            if crashes(true) {
                return End::Crashed;
            }
            let Some(outcome) = outcome else { continue };
            let lines = delivery.sent(outcome);
            if crashes(false) {
                return End::Crashed;
            }
            self.write(&lines);
            if crashes(true) {
                return End::Crashed;
            }
        }
    }

    fn send(&mut self, lines: &[Line], is_calm: bool, dice: &mut Dice) -> Outcome {
        let digest = Digest::new(lines);
        // Lines that were written to be sent once, by this run, are no repeat.
        let is_first = self.tries[&digest.id] == lines.len();
        assert!(!(is_first && digest.may_be_a_repeat), "a first try is no repeat");
        assert!(
            lines.iter().all(|line| self.table[&key(line)].state == SENDING),
            "written before it is sent"
        );
        let (is_taken, outcome) = match if is_calm { 0 } else { dice.roll(8) } {
            0..=3 => (true, Outcome::Arrived),
            4 => (false, Outcome::Later("429".to_owned(), None)),
            5 => (false, Outcome::Refused("404".to_owned())),
            6 => (true, Outcome::Unknown("silence".to_owned())),
            _ => (false, Outcome::Unknown("silence".to_owned())),
        };
        if is_taken {
            self.arrive(&digest, lines);
        }
        outcome
    }
}

fn today() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 11, 25).expect("a date")
}

fn destinations() -> Vec<Destination> {
    let way = || Way::Slack { url: Source::Variable(String::new()) };
    vec![Destination::new("each", way(), Mode::Account), Destination::new("all", way(), Mode::Agency)]
}

/// Some things are the case, some are over, some have not been yet. Odd ones last as long as they are found.
fn facts(states: &[usize]) -> Facts {
    let of = |(number, state): (usize, &usize)| {
        let (account, is_condition) = (format!("account{}", number % 3), number % 2 == 1);
        let kind = if is_condition { Kind::Stale } else { Kind::Event };
        let over_on = (*state == 2).then(today);
        let fact = Fact {
            topic: format!("topic{number}"),
            account,
            kind,
            severity: number % 4,
            over_on,
            words: number.to_string(),
        };
        (*state == 1 || *state == 2 && !is_condition).then_some(fact)
    };
    let watched = (0..3).map(|number| format!("account{number}")).collect();
    Facts { facts: states.iter().enumerate().filter_map(of).collect(), watched }
}

#[test]
fn ten_thousand_crashes_neither_lose_nor_double() {
    let (mut crashes, mut repeats) = (0, 0);
    let mut dice = Dice(16);
    let destinations = destinations();
    while crashes < CRASHES {
        let mut world = World::default();
        let mut states = [0; TOPICS];
        let mut now = 1_800_000_000;
        for _ in 0..20 {
            for state in &mut states {
                // Begins, is over, begins again.
                *state = match (*state, dice.roll(3)) {
                    (0 | 2, 0) => 1,
                    (1, 0) => 2,
                    (same, _) => same,
                };
            }
            now += HOUR;
            let crash = Some((dice.roll(24), dice.roll(2) == 0));
            crashes +=
                usize::from(world.run(&destinations, &facts(&states), now, crash, &mut dice) == End::Crashed);
        }
        // The weather is fine again.
        assert!(world.run(&destinations, &facts(&states), now + HOUR, None, &mut dice) == End::Done);
        repeats += check(&world, &states);
    }
    assert!(repeats > 100, "{repeats}: the crashes missed what they are for");
}

/// Returns how many messages came more than once.
fn check(world: &World, states: &[usize]) -> usize {
    assert!(world.table.values().all(|line| [SENT, QUIET].contains(&line.state.as_str())), "something waits");
    let mut told_by: BTreeMap<&str, &str> = BTreeMap::new();
    let mut repeats = 0;
    for (message, arrived) in &world.inbox {
        let (first, others) = arrived.split_first().expect("it came");
        // Who looks at the id takes it once. Who does not is told, and it says the same.
        assert!(
            others.iter().all(|(told, is_repeat)| *is_repeat && *told == first.0),
            "{message}: {arrived:?}"
        );
        repeats += usize::from(!others.is_empty());
        for alert in &first.0 {
            assert_eq!(told_by.insert(alert, message), None, "{alert} came in two messages");
        }
    }
    for alert in &world.promised {
        assert!(told_by.contains_key(alert.as_str()), "{alert} is lost");
    }
    // What was told last is what is the case, and every beginning had an end before the next.
    let told = world.told();
    for destination in ["each", "all"] {
        for (number, state) in states.iter().enumerate() {
            let topic = format!("topic{number}");
            let last = told.iter().find(|it| it.destination == destination && it.topic == topic);
            let expected = match state {
                0 => None,
                1 => Some("opened"),
                _ => Some("closed"),
            };
            // A condition that came and went between two looks was never seen.
            let is_unseen = last.is_none() && number % 2 == 1 && *state == 2;
            assert!(is_unseen || last.map(|it| it.change.as_str()) == expected, "{topic}: {last:?}, {state}");
            let is_its = |line: &&Line| line.destination == destination && line.topic == topic;
            let opened = world.table.values().filter(is_its).filter(|line| line.change == "opened").count();
            let closed = world.table.values().filter(is_its).filter(|line| line.change == "closed").count();
            assert!(closed <= opened + 1 && opened <= closed + 1, "{topic}: {opened} and {closed}");
        }
    }
    repeats
}

fn line(tries: u32, made_at: u32, message: &str) -> Line {
    let (message_id, topic) = (message.to_owned(), message.to_owned());
    Line {
        destination: "a".to_owned(),
        state: WAITING.to_owned(),
        tries,
        made_at,
        message_id,
        topic,
        ..Line::default()
    }
}

#[test]
fn old_news_are_given_up_and_what_is_asked_for_is_waited() {
    let now = 1_800_000_000;
    let week = LONGEST_WAIT.as_secs() as u32;
    let of = |line: Line| Delivery::new(vec![line], Vec::new(), now).next_step();
    let Action::Write(given_up) = of(line(3, now - week - 1, "old")) else { panic!("nothing written") };
    assert_eq!((given_up[0].state.as_str(), given_up[0].version), (GIVEN_UP, 1));
    let Action::Write(tried) = of(line(3, now - week, "young")) else { panic!("nothing written") };
    assert_eq!((tried[0].state.as_str(), tried[0].tries), (SENDING, 4));
    assert_eq!(of(Line { next_try_at: now + 1, ..line(1, now, "later") }), Action::End);
    assert!(matches!(of(Line { next_try_at: now, ..line(1, now, "later") }), Action::Write(_)));
}

/// One message that no destination takes does not stand in the way of others; three do, until the next run.
#[test]
fn a_destination_that_refuses_is_left_alone_after_three() {
    let lines: Vec<Line> = ["p", "q", "r", "s", "t"].map(|id| line(0, 7, id)).into();
    let mut delivery = Delivery::new(lines.clone(), Vec::new(), 8);
    let mut sent = 0;
    loop {
        match delivery.next_step() {
            Action::End => break,
            Action::Write(_) => {}
            Action::Send(_) => {
                sent += 1;
                let rows = delivery.sent(Outcome::Refused("404".to_owned()));
                assert_eq!((rows[0].state.as_str(), rows[0].error.as_str()), (WAITING, "404"));
            }
        }
    }
    assert_eq!(sent, 3);
    let mut delivery = Delivery::new(lines, Vec::new(), 8);
    for _ in 0..2 {
        delivery.next_step();
    }
    let rest = Some(std::time::Duration::from_secs(60));
    assert_eq!(delivery.sent(Outcome::Later("429".to_owned(), rest))[0].next_try_at, 68);
    assert_eq!(delivery.next_step(), Action::End);
}
