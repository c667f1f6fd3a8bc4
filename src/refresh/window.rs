//! The dates of a run, decided once from the server's clock.

use anyhow::Result;
use chrono::{Datelike, Days, NaiveDate};
use serde::{Deserialize, Serialize};

use crate::db::{Db, Statement};
use crate::exit::{ExitCode, Failure};
use crate::schema::Grain;
use crate::sql;

/// The first date that a window may begin with: earlier reads would wrap in ClickHouse's Date.
const EARLIEST: NaiveDate = NaiveDate::from_ymd_opt(1970, 4, 11).expect("a date");
/// The last date that a run may be computed for, for the same reason.
const LATEST: NaiveDate = NaiveDate::from_ymd_opt(2149, 5, 1).expect("a date");

/// The server's clock, read once per run.
#[derive(Clone, Copy, Debug, clickhouse::Row, Deserialize)]
pub struct Clock {
    /// Seconds since 1970.
    pub now: u32,
    /// The server's date.
    #[serde(with = "clickhouse::serde::chrono::date")]
    pub today: NaiveDate,
}

impl Clock {
    /// Asks the server.
    pub async fn read(db: &Db) -> Result<Clock> {
        db.statement(&sql::CLOCK).fetch_one().await
    }
}

/// The dates that a run computes anew, with its one clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Window {
    /// First date.
    pub start: NaiveDate,
    /// Last date.
    pub as_of: NaiveDate,
    /// The last date whose day is over: the earlier of `as_of` and yesterday.
    pub last_complete: NaiveDate,
    /// The instant that every row of the run carries, in seconds since 1970.
    pub updated_at: u32,
    /// The server's date at the start of the run.
    #[serde(skip)]
    today: NaiveDate,
}

impl Window {
    /// The window of `days` dates that ends at `as_of`, or at the server's today.
    pub fn new(as_of: Option<NaiveDate>, days: u16, clock: Clock) -> Result<Window, Failure> {
        let today = clock.today;
        let as_of = as_of.unwrap_or(today);
        if as_of > today {
            let message = format!("`--as-of {as_of}` lies in the future");
            return Err(Failure::new(ExitCode::Usage, message).hint(format!("the server's date is {today}")));
        }
        let start = as_of.checked_sub_days(Days::new(u64::from(days) - 1)).unwrap_or(NaiveDate::MIN);
        if start < EARLIEST || as_of > LATEST {
            let message = format!("the window {start}..{as_of} reaches outside {EARLIEST}..{LATEST}");
            return Err(Failure::new(ExitCode::Usage, message).hint("choose a later --as-of or fewer --days"));
        }
        let last_complete = as_of.min(today - Days::new(1));
        Ok(Window { start, as_of, last_complete, updated_at: clock.now, today })
    }

    /// The server's date at the start of the run.
    pub fn today(&self) -> NaiveDate {
        self.today
    }

    /// The dates of a broken run, with this run's clock. None if they lie after today: the server's clock went back.
    pub fn of_broken_run(&self, start: NaiveDate, as_of: NaiveDate) -> Option<Window> {
        let today = self.today;
        (start <= as_of && as_of <= today).then(|| Window {
            start,
            as_of,
            last_complete: as_of.min(today - Days::new(1)),
            ..*self
        })
    }

    /// First and last date column value of the rows that a table of this grain gets anew.
    pub fn bounds(&self, grain: Grain) -> (NaiveDate, NaiveDate) {
        match grain {
            Grain::Daily => (self.start, self.as_of),
            Grain::Weekly => (monday(self.start), monday(self.as_of)),
        }
    }

    /// Binds what every refresh statement needs.
    pub fn bind<'db>(&self, statement: Statement<'db>) -> Statement<'db> {
        statement
            .param("start", self.start)
            .param("as_of", self.as_of)
            .param("last_complete", self.last_complete)
            .param("updated_at", self.updated_at)
    }
}

/// The Monday of a date's week.
pub fn monday(date: NaiveDate) -> NaiveDate {
    date - Days::new(date.weekday().num_days_from_monday().into())
}

/// The Sunday that ends a date's week.
pub fn sunday(date: NaiveDate) -> NaiveDate {
    monday(date) + Days::new(6)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().expect("a date")
    }

    /// A clock at noon of 2024-03-01.
    fn clock() -> Clock {
        Clock { now: 1_709_294_400, today: date("2024-03-01") }
    }

    #[test]
    fn the_window_counts_as_of() {
        let window = Window::new(None, 1, clock()).expect("valid");
        assert_eq!((window.start, window.as_of), (date("2024-03-01"), date("2024-03-01")));
        assert_eq!(window.last_complete, date("2024-02-29"));
        let window = Window::new(Some(date("2024-02-10")), 7, clock()).expect("valid");
        assert_eq!((window.start, window.last_complete), (date("2024-02-04"), date("2024-02-10")));
    }

    #[test]
    fn a_rollup_gets_whole_weeks() {
        let window = Window::new(Some(date("2024-02-29")), 3, clock()).expect("valid");
        assert_eq!(window.bounds(Grain::Weekly), (date("2024-02-26"), date("2024-02-26")));
        let window = Window::new(Some(date("2024-01-02")), 3, clock()).expect("valid");
        assert_eq!(window.bounds(Grain::Weekly), (date("2023-12-25"), date("2024-01-01")));
    }

    #[test]
    fn impossible_dates_are_refused() {
        for (as_of, days) in [("2024-03-02", 1), ("1970-04-11", 2), ("1970-01-01", 1), ("1975-01-01", 3650)] {
            let error = Window::new(Some(date(as_of)), days, clock()).expect_err(as_of);
            assert_eq!(error.code, ExitCode::Usage);
        }
        assert!(Window::new(Some(date("1970-04-11")), 1, clock()).is_ok());
    }
}
