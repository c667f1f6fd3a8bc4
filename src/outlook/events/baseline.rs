//! What a day is expected to be, from the days before it.

use std::collections::VecDeque;

use super::thresholds::{
    AMOUNT_CUSHION, BASELINE_DAYS, COUNT_CUSHION, LEVEL_CLIP, LEVEL_SPEED, MEDIAN_TO_DEVIATION,
    SAME_WEEKDAYS, SAME_WEEKDAYS_SHARE, WEEKDAY_WEEKS,
};
use super::window::Window;
use crate::outlook::forecast::pool::median;

const WEEK: usize = 7;
/// The least usual move of a level, as a share of it.
const LEAST_MOVE: f64 = 0.02;

/// A day of a series: an amount, or a count and what it is counted of.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Value {
    /// The amount or count.
    pub amount: f64,
    /// What it is counted of; 1 for an amount by itself.
    pub of: f64,
}

impl Value {
    /// An amount by itself.
    pub fn amount(amount: f64) -> Value {
        Value { amount, of: 1.0 }
    }
}

/// What the days before lead to expect.
#[derive(Clone, Debug)]
pub enum Baseline {
    /// Of an amount: revenue, messages.
    Amount(Box<Amount>),
    /// Of a count, from the rate before: opens of the delivered.
    Count(Count),
}

impl Baseline {
    /// Of amounts.
    pub fn of_amounts() -> Baseline {
        Baseline::Amount(Box::default())
    }

    /// Of counts.
    pub fn of_counts() -> Baseline {
        Baseline::Count(Count::default())
    }

    /// What to expect of the day that lies `ahead` days after the next: an amount, or a rate.
    pub fn expect(&self, ahead: usize) -> f64 {
        match self {
            Baseline::Amount(amount) => amount.expect(ahead),
            Baseline::Count(count) => count.expect(ahead),
        }
    }

    /// What is added to both sides of a comparison.
    pub fn cushion(&self) -> f64 {
        match self {
            Baseline::Amount(amount) => AMOUNT_CUSHION * amount.mean(),
            Baseline::Count(_) => COUNT_CUSHION,
        }
    }

    /// Whether enough days are known.
    pub fn is_ready(&self) -> bool {
        match self {
            Baseline::Amount(amount) => amount.days.len() >= BASELINE_DAYS,
            Baseline::Count(count) => count.days.len() >= BASELINE_DAYS,
        }
    }

    /// Goes on by a day.
    pub fn push(&mut self, value: Value) {
        match self {
            Baseline::Amount(amount) => amount.push(value.amount),
            Baseline::Count(count) => count.push(value),
        }
    }

    /// Takes these for the last days: what was unusual is the new usual.
    pub fn accept(&mut self, last: &[Value]) {
        match self {
            Baseline::Amount(amount) => amount.accept(&last.iter().map(|it| it.amount).collect::<Vec<_>>()),
            Baseline::Count(count) => count.accept(last),
        }
    }
}

/// Distances of amounts are taken on their fourth roots: between the square root, on which counts vary evenly, and the
/// logarithm, on which sales do. Times four: so that small ones are shares of the expected.
pub fn distance(observed: f64, expected: f64, cushion: f64) -> f64 {
    let (observed, expected) = (observed.max(0.0) + cushion, expected.max(0.0) + cushion);
    match expected > 0.0 {
        true => 4.0 * (root(observed / expected) - 1.0),
        false => 0.0,
    }
}

/// The amount that lies at this distance.
pub fn at_distance(distance: f64, expected: f64, cushion: f64) -> f64 {
    let root = (1.0 + distance / 4.0).max(0.0);
    ((expected.max(0.0) + cushion) * root.powi(4) - cushion).max(0.0)
}

fn root(amount: f64) -> f64 {
    amount.max(0.0).sqrt().sqrt()
}

/// Level times weekday's share, and the same weekdays' mean.
#[derive(Clone, Debug)]
pub struct Amount {
    days: Vec<f64>,
    level: f64,
    /// How far the level was off, in the last days.
    moves: Window,
    /// Share of the mean of its week, by weekday, the newest last.
    shares: [VecDeque<f64>; WEEK],
    factors: [f64; WEEK],
}

impl Default for Amount {
    fn default() -> Amount {
        Amount {
            days: Vec::new(),
            level: 0.0,
            moves: Window::of(BASELINE_DAYS),
            shares: Default::default(),
            factors: [0.0; WEEK],
        }
    }
}

impl Amount {
    fn expect(&self, ahead: usize) -> f64 {
        let day = self.days.len() + ahead;
        let same = (1..=SAME_WEEKDAYS).filter_map(|weeks| self.days.get(day.checked_sub(WEEK * weeks)?));
        let (sum, count) = same.fold((0.0, 0_usize), |(sum, count), amount| (sum + amount, count + 1));
        let mean = sum / count.max(1) as f64;
        let level = self.level * self.factors[day % WEEK];
        (SAME_WEEKDAYS_SHARE * root(mean) + (1.0 - SAME_WEEKDAYS_SHARE) * level).powi(4)
    }

    /// Mean of the last 28 days.
    fn mean(&self) -> f64 {
        let last = &self.days[self.days.len().saturating_sub(BASELINE_DAYS)..];
        last.iter().sum::<f64>() / last.len().max(1) as f64
    }

    fn push(&mut self, amount: f64) {
        let today = self.days.len();
        self.days.push(amount.max(0.0));
        if self.days.len() < 2 * WEEK {
            self.note_share();
            self.level = self.recent_level();
            return;
        }
        let factor = self.factors[today % WEEK];
        // A weekday without business says nothing about the level.
        let weight = factor.min(1.0);
        if weight > 0.1 {
            let off = root(amount) / factor - self.level;
            let most = LEVEL_CLIP * self.usual_move();
            self.level += LEVEL_SPEED * weight * off.clamp(-most, most);
            self.moves.push(off.abs());
        }
        self.note_share();
    }

    fn usual_move(&self) -> f64 {
        let usual = MEDIAN_TO_DEVIATION * self.moves.median();
        match self.moves.count() < WEEK {
            true => f64::INFINITY,
            false => usual.max(LEAST_MOVE * self.level),
        }
    }

    /// The weekday's share of the week around the day of three days ago, whose week is complete now.
    fn note_share(&mut self) {
        let length = self.days.len();
        if length < WEEK {
            self.factors = [1.0; WEEK];
            return;
        }
        let mean = self.days[length - WEEK..].iter().map(|amount| root(*amount)).sum::<f64>() / WEEK as f64;
        if mean <= 0.0 {
            return;
        }
        let day = length - 1 - WEEK / 2;
        let shares = &mut self.shares[day % WEEK];
        shares.push_back(root(self.days[day]) / mean);
        if shares.len() > WEEKDAY_WEEKS {
            shares.pop_front();
        }
        self.factors[day % WEEK] = trimmed_mean(shares);
    }

    fn recent_level(&self) -> f64 {
        let last = self.days.len().saturating_sub(WEEK)..self.days.len();
        let levels: Vec<f64> = last
            .filter(|day| self.factors[day % WEEK] > 0.1)
            .map(|day| root(self.days[day]) / self.factors[day % WEEK])
            .collect();
        median(levels)
    }

    fn accept(&mut self, last: &[f64]) {
        let from = self.days.len().saturating_sub(last.len());
        self.days.truncate(from);
        self.days.extend(last.iter().map(|amount| amount.max(0.0)));
        self.level = self.recent_level();
    }
}

/// The mean without the smallest and the largest fifth.
fn trimmed_mean(values: &VecDeque<f64>) -> f64 {
    let mut sorted: Vec<f64> = values.iter().copied().collect();
    sorted.sort_by(f64::total_cmp);
    let cut = sorted.len() / 5;
    let middle = &sorted[cut..sorted.len() - cut];
    middle.iter().sum::<f64>() / middle.len() as f64
}

/// The rate of the last days, the same weekdays counting more.
#[derive(Clone, Debug, Default)]
pub struct Count {
    days: Vec<Value>,
    /// The last 28 days together.
    all: Value,
}

impl Count {
    fn expect(&self, ahead: usize) -> f64 {
        let (today, all) = (self.days.len(), self.all);
        if all.of <= 0.0 {
            return 0.0;
        }
        let same = (1..=SAME_WEEKDAYS).filter_map(|weeks| (today + ahead).checked_sub(WEEK * weeks));
        let same = sum(same.filter_map(|day| self.days.get(day)));
        // As much of the rate of all days as one such weekday has messages in the mean.
        let weight = all.of / BASELINE_DAYS as f64;
        (same.amount + weight * all.amount / all.of) / (same.of + weight)
    }

    fn push(&mut self, value: Value) {
        self.days.push(value);
        self.add_up();
    }

    fn accept(&mut self, last: &[Value]) {
        let from = self.days.len().saturating_sub(last.len());
        self.days.truncate(from);
        self.days.extend(last);
        self.add_up();
    }

    fn add_up(&mut self) {
        self.all = sum(self.days[self.days.len().saturating_sub(BASELINE_DAYS)..].iter());
    }
}

fn sum<'a>(days: impl Iterator<Item = &'a Value>) -> Value {
    days.fold(Value::default(), |sum, day| Value { amount: sum.amount + day.amount, of: sum.of + day.of })
}
