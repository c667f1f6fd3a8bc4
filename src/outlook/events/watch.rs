//! One series, day after day: how unusual each day is, and the events that open and close.

use std::collections::VecDeque;

use super::baseline::{Baseline, Value, at_distance, distance};
use super::episode::{Change, Episode, Side};
use super::scale::Scale;
use super::thresholds::{ENTER, LEAST_CHANGE, RISE_FACTOR, THREE_DAYS_FACTOR, TOGETHER};

/// Which changes matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sides {
    /// Falls, and rises that are far.
    Both,
    /// Rises alone: complaints.
    Rises,
}

/// The figures that a judgement stands on: of the day, or of three days together.
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
    /// What was on the day.
    pub observed: f64,
    /// What was expected of the day.
    pub expected: f64,
    /// The figures that the score is of. A day within its usual range can be the third of three that are not.
    pub figures: Figures,
    /// Of the day alone, in usual distances: negative below, positive above, rises made comparable to falls.
    pub day_score: f64,
    /// The same of the day alone or of three days together, whichever is farther.
    pub score: f64,
    /// The change that the score is of, as a share of what was expected.
    pub change: f64,
}

/// A series being watched.
#[derive(Clone, Debug)]
pub struct Watch {
    baseline: Baseline,
    sides: Sides,
    single: Scale,
    together: Scale,
    /// The last days.
    recent: VecDeque<Value>,
    /// What was expected of the three days to come, in the last evenings.
    forecasts: VecDeque<[f64; TOGETHER]>,
    /// What really was since the event opened.
    held: Vec<Value>,
    episode: Episode,
}

impl Watch {
    /// A series of amounts.
    pub fn of_amounts() -> Watch {
        Watch::new(Baseline::of_amounts(), Sides::Both)
    }

    /// A series of counts of something, of which the rate is watched.
    pub fn of_counts(sides: Sides) -> Watch {
        Watch::new(Baseline::of_counts(), sides)
    }

    fn new(baseline: Baseline, sides: Sides) -> Watch {
        Watch {
            baseline,
            sides,
            single: Scale::default(),
            together: Scale::default(),
            recent: VecDeque::new(),
            forecasts: VecDeque::new(),
            held: Vec::new(),
            episode: Episode::default(),
        }
    }

    /// Judges the next day and goes on. `is_worth` says whether the day may open an event: a floor of volume.
    pub fn next(
        &mut self,
        value: Value,
        is_worth: impl FnOnce(&Judgement) -> bool,
    ) -> (Option<Judgement>, Option<Change>) {
        keep(&mut self.recent, value);
        let judgement = self.judge(value);
        let change = judgement.as_ref().and_then(|judgement| {
            let is_far = judgement.score.abs() >= ENTER && judgement.change >= LEAST_CHANGE;
            let opens = (is_far && is_worth(judgement)).then(|| Side::of(judgement.score));
            self.episode.next(judgement.day_score, opens)
        });
        self.go_on(value, change);
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
        self.remember(blank);
        change
    }

    /// What is expected of the next day, of so many.
    pub fn expected(&self, of: f64) -> Option<f64> {
        self.forecasts.back().map(|forecast| of * forecast[0])
    }

    fn judge(&mut self, value: Value) -> Option<Judgement> {
        let expected = value.of * self.forecasts.back()?[0];
        let cushion = self.baseline.cushion();
        let day = Figures { days: 1, observed: value.amount, expected, range: (0.0, 0.0), of: value.of };
        let group = self.group();
        let distance_of = |it: &Figures| distance(it.observed, it.expected, cushion * it.days as f64);
        let (day_distance, group_distance) = (distance_of(&day), group.as_ref().map(distance_of));
        let usual = self.single.usual();
        let judgement = usual.map(|usual| {
            let day_score = self.weigh(day_distance / usual);
            let usual_together = self.together.usual().map(|usual| usual / THREE_DAYS_FACTOR);
            let of_group = group.zip(usual_together).zip(group_distance);
            let of_group = of_group.map(|((it, usual), distance)| (it, usual, self.weigh(distance / usual)));
            let (figures, usual, score) = of_group
                .filter(|(.., score)| score.abs() > day_score.abs())
                .unwrap_or((day, usual, day_score));
            let figures = Figures { range: self.range(&figures, usual, cushion), ..figures };
            let change = change(figures.observed, figures.expected);
            Judgement { observed: value.amount, expected, figures, day_score, score, change }
        });
        // What an event is made of is not usual.
        let most = |usual: Option<f64>| match self.episode.is_open() {
            true => ENTER * usual.unwrap_or(f64::INFINITY),
            false => f64::INFINITY,
        };
        self.single.push(day_distance.abs().min(most(usual)));
        if let Some(group_distance) = group_distance {
            let most = most(self.together.usual());
            self.together.push(group_distance.abs().min(most));
        }
        judgement
    }

    /// Three days together, and what was expected of them before they began.
    fn group(&self) -> Option<Figures> {
        let forecast = self.forecasts.front().filter(|_| self.forecasts.len() == TOGETHER)?;
        let observed = self.recent.iter().map(|day| day.amount).sum();
        let expected = self.recent.iter().zip(forecast).map(|(day, expected)| day.of * expected).sum();
        let of = self.recent.iter().map(|day| day.of).sum();
        Some(Figures { days: TOGETHER, observed, expected, range: (0.0, 0.0), of })
    }

    /// Where an event of these days would open, downwards and upwards.
    fn range(&self, figures: &Figures, usual: f64, cushion: f64) -> (f64, f64) {
        let rise = if self.sides == Sides::Both { RISE_FACTOR } else { 1.0 };
        let at = |distance: f64| at_distance(distance, figures.expected, cushion * figures.days as f64);
        (at(-ENTER * usual), at(ENTER * rise * usual))
    }

    fn weigh(&self, score: f64) -> f64 {
        match self.sides {
            Sides::Both if score > 0.0 => score / RISE_FACTOR,
            Sides::Rises => score.max(0.0),
            Sides::Both => score,
        }
    }

    fn go_on(&mut self, value: Value, change: Option<Change>) {
        self.settle(change);
        let is_unusual = matches!(change, Some(Change::Opened(_) | Change::Stays));
        if self.episode.is_open() {
            self.held.push(value);
        }
        let expected = self.forecasts.back().map(|forecast| value.of * forecast[0]);
        let amount = expected.filter(|_| is_unusual).unwrap_or(value.amount);
        self.remember(Value { amount, ..value });
    }

    fn remember(&mut self, value: Value) {
        self.baseline.push(value);
        if self.baseline.is_ready() {
            let mut ahead = 0..TOGETHER;
            let forecast = std::array::from_fn(|_| self.baseline.expect(ahead.next().unwrap_or_default()));
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
        }
    }
}

/// The change as a share of what was expected.
fn change(observed: f64, expected: f64) -> f64 {
    match expected > 0.0 {
        true => (observed - expected).abs() / expected,
        false => f64::INFINITY,
    }
}

/// Keeps the last three.
fn keep<T>(last: &mut VecDeque<T>, next: T) {
    last.push_back(next);
    if last.len() > TOGETHER {
        last.pop_front();
    }
}
