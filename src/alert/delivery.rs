//! The way of messages out of the outbox, step by step. Pure: who drives it writes and sends what it says, and whatever
//! breaks between two steps, the next run goes on from what was written.
//!
//! A message is written before it is sent, and `sending` before each try. So a run that finds a message `waiting` knows
//! that it did not arrive, and one that finds it `sending` knows that it may have: it is sent again under the same id,
//! and says so.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use super::line::{GIVEN_UP, Line, SENDING, SENT, WAITING};

/// A message that could not be delivered for so long is old news.
pub const LONGEST_WAIT: Duration = Duration::from_secs(7 * 24 * 3600);
/// So many messages in a row that a destination refuses, and it is left alone for this run.
const MOST_REFUSALS: usize = 3;

/// What to do next.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Write these rows, all or none.
    Write(Vec<Line>),
    /// Send the message of these rows, then tell what became of it.
    Send(Vec<Line>),
    /// Nothing is left to do.
    End,
}

/// What became of a message.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// It arrived.
    Arrived,
    /// It did not; not before this time has passed where the destination names one.
    Later(String, Option<Duration>),
    /// It did not, and others may.
    Refused(String),
    /// Nobody knows.
    Unknown(String),
}

/// The messages of a run.
#[derive(Debug)]
pub struct Delivery {
    now: u32,
    fresh: Vec<Line>,
    waiting: VecDeque<Vec<Line>>,
    stage: Stage,
    refusals: BTreeMap<String, usize>,
    left_alone: BTreeSet<String>,
}

#[derive(Debug)]
enum Stage {
    Next,
    ToSend(Vec<Line>),
    Sent(Vec<Line>),
}

impl Delivery {
    /// A run that finds these rows in the outbox, and has these news.
    pub fn new(stored: Vec<Line>, fresh: Vec<Line>, now: u32) -> Delivery {
        let mut messages: BTreeMap<(u32, u32, String, String), Vec<Line>> = BTreeMap::new();
        for line in stored.into_iter().chain(fresh.iter().filter(|line| line.state == WAITING).cloned()) {
            // What failed most comes last, so that it does not stand in the way.
            let key = (line.tries, line.made_at, line.destination.clone(), line.message_id.clone());
            messages.entry(key).or_default().push(line);
        }
        Delivery {
            now,
            fresh,
            waiting: messages.into_values().collect(),
            stage: Stage::Next,
            refusals: BTreeMap::new(),
            left_alone: BTreeSet::new(),
        }
    }

    /// The next step.
    pub fn next_step(&mut self) -> Action {
        if !self.fresh.is_empty() {
            return Action::Write(std::mem::take(&mut self.fresh));
        }
        match std::mem::replace(&mut self.stage, Stage::Next) {
            Stage::Next => self.begin(),
            Stage::ToSend(lines) => {
                self.stage = Stage::Sent(lines.clone());
                Action::Send(lines)
            }
            // Whoever does not tell what became of a message does not know it.
            Stage::Sent(_) => self.begin(),
        }
    }

    fn begin(&mut self) -> Action {
        while let Some(mut lines) = self.waiting.pop_front() {
            let Some(first) = lines.first() else { continue };
            if self.left_alone.contains(&first.destination) || first.next_try_at > self.now {
                continue;
            }
            if u64::from(self.now.saturating_sub(first.made_at)) > LONGEST_WAIT.as_secs() {
                self.note(&mut lines, GIVEN_UP);
                return Action::Write(lines);
            }
            for line in &mut lines {
                line.unsure = line.unsure.max(u8::from(line.state == SENDING));
                line.tries += 1;
            }
            self.note(&mut lines, SENDING);
            self.stage = Stage::ToSend(lines.clone());
            return Action::Write(lines);
        }
        Action::End
    }

    /// What became of the message that was to be sent; the rows that say so, to be written.
    pub fn sent(&mut self, outcome: Outcome) -> Vec<Line> {
        let Stage::Sent(mut lines) = std::mem::replace(&mut self.stage, Stage::Next) else {
            return Vec::new();
        };
        let destination = lines.first().map(|line| line.destination.clone()).unwrap_or_default();
        let (state, error, rest) = match outcome {
            Outcome::Arrived => {
                self.refusals.remove(&destination);
                (SENT, String::new(), None)
            }
            Outcome::Refused(error) => {
                let refusals = self.refusals.entry(destination.clone()).or_default();
                *refusals += 1;
                if *refusals >= MOST_REFUSALS {
                    self.left_alone.insert(destination);
                }
                (WAITING, error, None)
            }
            Outcome::Later(error, rest) => {
                self.left_alone.insert(destination);
                (WAITING, error, rest)
            }
            Outcome::Unknown(error) => {
                self.left_alone.insert(destination);
                (SENDING, error, None)
            }
        };
        for line in &mut lines {
            line.error.clone_from(&error);
            line.next_try_at = self.now + rest.map_or(0, |rest| rest.as_secs() as u32);
        }
        self.note(&mut lines, state);
        lines
    }

    fn note(&self, lines: &mut [Line], state: &str) {
        for line in lines {
            line.state = state.to_owned();
            line.updated_at = self.now;
            line.version += 1;
        }
    }
}
