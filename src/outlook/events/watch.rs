//! One series, day after day: how unusual each day is, and the events that open and close.

use std::collections::VecDeque;

use super::baseline::{Baseline, Value, at_distance, distance};
use super::episode::{Change, Episode, Side};
use super::scale::Scale;
use super::thresholds::{AMOUNT_TESTS, COUNT_TESTS, ENTER, LONGEST_TEST, RISE_FACTOR, Test};

/// What is lost in the roots of an expectation, as a share of it.
const ROUNDING: f64 = 1e-9;

/// Which changes matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sides {
    /// Falls, and rises that are far.
    Both,
    /// Rises alone: complaints.
    Rises,
}

/// The figures of a day, or of several days together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Figures {
    /// Of how many days, the last of which is the one judged.
    pub days: usize,
    /// What was.
    pub observed: f64,
    /// What was expected.
    pub expected: f64,
    /// The range that is usual: an event opens outside of it.
    pub range: (f64, f64),
    /// What counts are counted of.
    pub of: f64,
}

/// What is known of a day.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Judgement {
    /// The day alone.
    pub of_day: Figures,
    /// Of the day alone, in usual distances: negative below, positive above, rises made comparable to falls.
    pub day_score: f64,
    /// The same of the days that lie farthest, of those that changed enough; 0 where none did.
    pub score: f64,
    /// The figures of these days. A day within its usual range can be the last of some that are not.
    pub figures: Figures,
}

/// A series being watched.
#[derive(Clone, Debug)]
pub struct Watch {
    baseline: Baseline,
    sides: Sides,
    tests: Vec<(Test, Scale)>,
    /// The last days.
    recent: VecDeque<Value>,
    /// What was expected of the days to come, in the last evenings.
    forecasts: VecDeque<[f64; LONGEST_TEST]>,
    /// Days since the last event was over: those before it are no evidence of another.
    fresh: usize,
    /// What really was since the event opened.
    held: Vec<Value>,
    /// So many usual distances open an event.
    enter: f64,
    episode: Episode,
}

impl Watch {
    /// A series of amounts.
    pub fn of_amounts() -> Watch {
        Watch::new(Baseline::of_amounts(), Sides::Both, &AMOUNT_TESTS)
    }

    /// A series of counts of something, of which the rate is watched.
    pub fn of_counts(sides: Sides) -> Watch {
        Watch::new(Baseline::of_counts(), sides, &COUNT_TESTS)
    }

    fn new(baseline: Baseline, sides: Sides, tests: &[Test]) -> Watch {
        Watch {
            baseline,
            sides,
            tests: tests.iter().map(|test| (*test, Scale::sparing(test.spared))).collect(),
            recent: VecDeque::new(),
            forecasts: VecDeque::new(),
            fresh: 0,
            held: Vec::new(),
            enter: ENTER,
            episode: Episode::default(),
        }
    }

    /// The same with events that open at another distance, to measure what that brings.
    pub fn opening_at(self, enter: f64) -> Watch {
        Watch { enter, ..self }
    }

    /// Judges the next day and goes on. `is_worth` says whether the day may open an event: a floor of volume.
    pub fn next(
        &mut self,
        value: Value,
        is_worth: impl FnOnce(&Judgement) -> bool,
    ) -> (Option<Judgement>, Option<Change>) {
        keep(&mut self.recent, value);
        self.fresh += 1;
        let judgement = self.judge();
        let change = judgement.as_ref().and_then(|judgement| {
            let is_far = judgement.score.abs() >= self.enter;
            let opens = (is_far && is_worth(judgement)).then(|| Side::of(judgement.score));
            self.episode.next(judgement.day_score, opens)
        });
        self.go_on(value, change, judgement.map_or(1, |judgement| judgement.figures.days));
        (judgement, change)
    }

    /// Goes on over a day that says nothing: it is taken to have been as expected.
    pub fn skip(&mut self) -> Option<Change> {
        let change = self.episode.skip();
        self.settle(change);
        let blank = match &self.baseline {
            Baseline::Amount(_) => Value::amount(self.forecasts.back().map_or(0.0, |forecast| forecast[0])),
            Baseline::Count(_) => Value::default(),
        };
        keep(&mut self.recent, blank);
        self.fresh += 1;
        self.remember(blank);
        change
    }

    /// What is expected of the next day, of so many.
    pub fn expected(&self, of: f64) -> Option<f64> {
        self.forecasts.back().map(|forecast| of * forecast[0])
    }

    fn judge(&mut self) -> Option<Judgement> {
        self.forecasts.back()?;
        let cushion = self.baseline.cushion();
        let mut judgement: Option<Judgement> = None;
        for index in 0..self.tests.len() {
            let (test, scale) = &self.tests[index];
            let Some(figures) = self.figures(test.days) else { break };
            let distance = distance(figures.observed, figures.expected, cushion * test.days as f64);
            let usual = scale.usual();
            if let Some(usual) = usual.map(|usual| usual / test.factor) {
                let score = self.weigh(distance / usual);
                let figures = Figures { range: self.range(&figures, usual, cushion, test), ..figures };
                let of_day = Judgement { of_day: figures, day_score: score, score: 0.0, figures };
                let farthest = judgement.get_or_insert(of_day);
                if has_changed(&figures, test.least_change) && score.abs() > farthest.score.abs() {
                    (farthest.score, farthest.figures) = (score, figures);
                }
            }
            // What an event is made of is not usual.
            let most = match self.episode.is_open() {
                true => self.enter * usual.unwrap_or(f64::INFINITY),
                false => f64::INFINITY,
            };
            self.tests[index].1.push(distance.abs().min(most));
        }
        judgement
    }

    /// The last so many days together, with what was expected of them before they began.
    fn figures(&self, days: usize) -> Option<Figures> {
        if days > 1 && days > self.fresh {
            return None;
        }
        let forecast = &self.forecasts[self.forecasts.len().checked_sub(days)?];
        let last = self.recent.iter().skip(self.recent.len().checked_sub(days)?);
        let nothing = Figures { days, observed: 0.0, expected: 0.0, range: (0.0, 0.0), of: 0.0 };
        Some(last.zip(forecast).fold(nothing, |sum, (day, forecast)| Figures {
            observed: sum.observed + day.amount,
            expected: sum.expected + day.of * forecast,
            of: sum.of + day.of,
            ..sum
        }))
    }

    /// Where an event of these days would open, downwards and upwards.
    fn range(&self, figures: &Figures, usual: f64, cushion: f64, test: &Test) -> (f64, f64) {
        let rise = if self.sides == Sides::Both { RISE_FACTOR } else { 1.0 };
        let at = |distance: f64| at_distance(distance, figures.expected, cushion * figures.days as f64);
        (
            at(-self.enter * usual).min(figures.expected * (1.0 - test.least_change)),
            at(self.enter * rise * usual).max(figures.expected * (1.0 + test.least_change)),
        )
    }

    fn weigh(&self, score: f64) -> f64 {
        match self.sides {
            Sides::Both if score > 0.0 => score / RISE_FACTOR,
            Sides::Rises => score.max(0.0),
            Sides::Both => score,
        }
    }

    /// `days`: so many were judged together.
    fn go_on(&mut self, value: Value, change: Option<Change>, days: usize) {
        self.settle(change);
        if matches!(change, Some(Change::Opened(_))) {
            self.take_back(days);
        }
        let is_unusual = matches!(change, Some(Change::Opened(_) | Change::Stays));
        if self.episode.is_open() {
            self.held.push(value);
        }
        let expected = self.forecasts.back().map(|forecast| value.of * forecast[0]);
        let amount = expected.filter(|_| is_unusual).unwrap_or(value.amount);
        self.remember(Value { amount, ..value });
    }

    /// The days before the last one that opened an event with it: the baseline goes on as if they had been as expected.
    fn take_back(&mut self, days: usize) {
        let began = self.forecasts.len().checked_sub(days).map(|place| self.forecasts[place]);
        let (Some(forecast), 2..) = (began, days) else { return };
        let before = self.recent.iter().skip(self.recent.len() - days).take(days - 1);
        self.held = before.copied().collect();
        let expected =
            self.held.iter().zip(forecast).map(|(day, forecast)| Value { amount: day.of * forecast, ..*day });
        self.baseline.accept(&expected.collect::<Vec<_>>());
        if let Some(today) = self.forecasts.back_mut() {
            *today = std::array::from_fn(|ahead| self.baseline.expect(ahead));
        }
    }

    fn remember(&mut self, value: Value) {
        self.baseline.push(value);
        if self.baseline.is_ready() {
            let forecast = std::array::from_fn(|ahead| self.baseline.expect(ahead));
            keep(&mut self.forecasts, forecast);
        }
    }

    /// After an event the baseline goes on with what was, if that is the new usual, and as if nothing had been, if not.
    fn settle(&mut self, change: Option<Change>) {
        if change == Some(Change::NewUsual) {
            self.baseline.accept(&self.held);
        }
        if matches!(change, Some(Change::NewUsual | Change::Closed)) {
            self.held.clear();
            self.fresh = 0;
        }
    }
}

/// Whether the change is at least this share of what was expected.
fn has_changed(figures: &Figures, least: f64) -> bool {
    (figures.observed - figures.expected).abs() >= (least - ROUNDING) * figures.expected
}

/// Keeps the last days, as many as the longest test takes.
fn keep<T>(last: &mut VecDeque<T>, next: T) {
    last.push_back(next);
    if last.len() > LONGEST_TEST {
        last.pop_front();
    }
}
