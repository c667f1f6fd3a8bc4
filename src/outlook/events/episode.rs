//! An event opens and closes: it enters at one level and leaves at a lower one, so that it does not flap.

use super::thresholds::{CALM_DAYS, LEAVE, NEW_USUAL_DAYS};

/// On which side of the expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Below.
    Below,
    /// Above.
    Above,
}

impl Side {
    /// The side of a score.
    pub fn of(score: f64) -> Side {
        if score < 0.0 { Side::Below } else { Side::Above }
    }

    /// How far a score lies on this side; negative on the other.
    pub fn distance(self, score: f64) -> f64 {
        match self {
            Side::Below => -score,
            Side::Above => score,
        }
    }
}

/// What a day did to an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It opened.
    Opened(Side),
    /// The day is still unusual.
    Stays,
    /// The day is as usual, and it takes another to close.
    Calm,
    /// It closed: so many days were as usual.
    Closed,
    /// It closed: it lasted until it was the new usual.
    NewUsual,
}

/// The state of a series: nothing, or an open event.
#[derive(Clone, Copy, Debug, Default)]
pub struct Episode {
    open: Option<Open>,
}

#[derive(Clone, Copy, Debug)]
struct Open {
    side: Side,
    days: usize,
    calm: usize,
}

impl Episode {
    /// Whether an event is open.
    pub fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// The side of the open event.
    pub fn side(&self) -> Option<Side> {
        self.open.map(|open| open.side)
    }

    /// Goes on by a day of this score. Only a day that is worth it opens an event; `score` is of that day alone.
    pub fn next(&mut self, score: f64, opens: Option<Side>) -> Option<Change> {
        let Some(open) = &mut self.open else {
            let side = opens?;
            self.open = Some(Open { side, days: 1, calm: 0 });
            return Some(Change::Opened(side));
        };
        open.days += 1;
        let is_unusual = open.side.distance(score) >= LEAVE;
        open.calm = if is_unusual { 0 } else { open.calm + 1 };
        let change = match (is_unusual, open.calm, open.days) {
            (true, _, days) if days > NEW_USUAL_DAYS => Change::NewUsual,
            (true, ..) => Change::Stays,
            (false, calm, _) if calm >= CALM_DAYS => Change::Closed,
            (false, ..) => Change::Calm,
        };
        if matches!(change, Change::NewUsual | Change::Closed) {
            self.open = None;
        }
        Some(change)
    }

    /// Goes on by a day that says nothing: only time passes.
    pub fn skip(&mut self) -> Option<Change> {
        let open = self.open.as_mut()?;
        open.days += 1;
        if open.days <= NEW_USUAL_DAYS {
            return None;
        }
        self.open = None;
        Some(Change::NewUsual)
    }
}
