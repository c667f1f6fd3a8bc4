//! What alerts are about.

/// A kind of alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Days that were not as usual.
    Event,
    /// No whole refresh for too long.
    Stale,
    /// The last refresh failed.
    Failed,
    /// The last refresh was held back by a guard.
    HeldBack,
    /// The last refresh broke off while it published.
    BrokenOff,
    /// A share of a chatbot's budget was reached.
    Budget,
    /// Forecasts that were wrong.
    Forecast,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Kind; 7] = [
        Kind::Event,
        Kind::Stale,
        Kind::Failed,
        Kind::HeldBack,
        Kind::BrokenOff,
        Kind::Budget,
        Kind::Forecast,
    ];

    /// The word in the table, the config file and on the command line.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Event => "event",
            Kind::Stale => "stale",
            Kind::Failed => "failed",
            Kind::HeldBack => "held_back",
            Kind::BrokenOff => "broken_off",
            Kind::Budget => "budget",
            Kind::Forecast => "forecast",
        }
    }

    /// The kind of this word.
    pub fn of(word: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// Whether it lasts until it is found no more. Events say themselves when they are over, budgets only begin anew.
    pub fn is_condition(self) -> bool {
        !matches!(self, Kind::Event | Kind::Budget)
    }

    /// Days from the last that was told of it to the next beginning: what lies at a limit would be told every night.
    pub fn rest_days(self) -> u64 {
        if self == Kind::Forecast { 7 } else { 0 }
    }
}

/// The words for severities, the least first.
pub const SEVERITIES: [&str; 4] = ["low", "medium", "high", "critical"];

/// The place of a word among them; an unknown one is the least.
pub fn severity_of(word: &str) -> usize {
    SEVERITIES.iter().position(|known| *known == word).unwrap_or_default()
}

/// What changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It began.
    Opened,
    /// It is over.
    Closed,
}

impl Change {
    /// The word in the table.
    pub fn word(self) -> &'static str {
        match self {
            Change::Opened => "opened",
            Change::Closed => "closed",
        }
    }
}
