//! The daily revenue of an account and its channels, as far as it can be used, or why it cannot.

use chrono::{Days, NaiveDate};
use clickhouse::Row;
use serde::Deserialize;

use super::growth::{FINAL_AGE, Factors};

/// Days of history that a forecast takes.
pub const LEAST_DAYS: usize = 56;
/// Of the last 56 days, those that earned something.
const LEAST_EARNING_DAYS: usize = 8;
/// An account's sources have ended where it has no newer day although it had so many of the 28 before.
const REGULAR_DAYS: usize = 20;
/// The word for the whole account.
pub const ALL: &str = "all";

/// One channel of one account, as it is read.
#[derive(Clone, Debug, Row, Deserialize)]
pub struct ChannelDays {
    /// The account.
    pub account: String,
    /// The channel.
    pub channel: String,
    /// Days since the first one that was asked for.
    pub days: Vec<u32>,
    /// What they have earned.
    pub revenues: Vec<f64>,
    /// The day on which each was last read, counted in the same way.
    pub read_on: Vec<u32>,
}

/// One channel, a value a day from the account's first day to the last complete one.
#[derive(Clone, Debug)]
pub struct Channel {
    /// Its name.
    pub name: String,
    /// What came, as known.
    pub seen: Vec<f64>,
}

/// An account.
#[derive(Clone, Debug)]
pub struct History {
    /// The account.
    pub account: String,
    /// Its first day.
    pub first_day: NaiveDate,
    /// The last complete day.
    pub last_complete: NaiveDate,
    /// The newest day whose news the refresh could know.
    pub known_on: NaiveDate,
    /// Its channels; missing days are zero days.
    pub channels: Vec<Channel>,
    /// Days at the end that still grow.
    young: Vec<usize>,
    /// Its newest day with a row.
    newest_day: NaiveDate,
    /// Days with a row of the 28 before that.
    regular_days: usize,
}

impl History {
    /// Puts the channels of one account together. `first_day` is that of the reading.
    pub fn new(
        rows: &[ChannelDays],
        first_day: NaiveDate,
        last_complete: NaiveDate,
        known_on: NaiveDate,
    ) -> Option<History> {
        let days = || rows.iter().flat_map(|row| row.days.iter().copied());
        let (first, newest) = (days().min()?, days().max()?);
        let date = |offset: u32| first_day + Days::new(offset.into());
        let length = (last_complete - date(first)).num_days() as usize + 1;
        let channel = |row: &ChannelDays| {
            let mut seen = vec![0.0; length];
            row.days
                .iter()
                .zip(&row.revenues)
                .for_each(|(day, revenue)| seen[(day - first) as usize] += revenue);
            Channel { name: row.channel.clone(), seen }
        };
        // The youngest reading of a day decides; a day without a row was never read young.
        let mut ages = vec![FINAL_AGE; length];
        let known = (known_on - first_day).num_days().max(0) as u32;
        for (day, read_on) in rows.iter().flat_map(|row| row.days.iter().zip(&row.read_on)) {
            let place = &mut ages[(day - first) as usize];
            *place = (*place).min(known.min(*read_on).saturating_sub(*day) as usize);
        }
        let begin = length - ages.iter().rev().take_while(|age| **age < FINAL_AGE).count();
        let mut before: Vec<u32> =
            days().filter(|day| (newest.saturating_sub(28)..newest).contains(day)).collect();
        before.sort_unstable();
        before.dedup();
        Some(History {
            account: rows[0].account.clone(),
            first_day: date(first),
            last_complete,
            known_on,
            channels: rows.iter().map(channel).collect(),
            young: ages[begin..].to_vec(),
            newest_day: date(newest),
            regular_days: before.len(),
        })
    }

    /// Days from the first to the last complete one.
    pub fn length(&self) -> usize {
        (self.last_complete - self.first_day).num_days() as usize + 1
    }

    /// Days at the end whose revenue still grows.
    pub fn young_days(&self) -> usize {
        self.young.len()
    }

    /// Whether the last day was read before it was over, as by a run for a past date that knows no more than then.
    pub fn is_unfinished(&self) -> bool {
        self.young.last() == Some(&0)
    }

    /// By what the last days are multiplied to be what they will have earned.
    pub fn inflation(&self, factors: &Factors) -> Vec<f64> {
        let factor = |age: &usize| factors.get(age.saturating_sub(1)).copied().unwrap_or(1.0);
        self.young.iter().map(factor).collect()
    }

    /// The whole account, day by day.
    pub fn whole(&self) -> Vec<f64> {
        sum(self.channels.iter().map(|channel| channel.seen.as_slice()), self.length())
    }

    /// Why no forecast can be made of the account.
    pub fn refusal(&self, newest_of_all: NaiveDate, usable: &[f64]) -> Option<String> {
        if newest_of_all < self.last_complete {
            return Some(format!("all sources end on {newest_of_all}: the days after it are unknown"));
        }
        if self.newest_day < self.last_complete && self.regular_days >= REGULAR_DAYS {
            return Some(format!("its sources end on {}: the days after it are unknown", self.newest_day));
        }
        let length = self.length();
        if length < LEAST_DAYS {
            let days = if length == 1 { "1 day".to_owned() } else { format!("{length} days") };
            return Some(format!("{days} of history, a forecast takes {LEAST_DAYS}"));
        }
        too_little(usable)
    }
}

/// Why a series says too little.
pub fn too_little(usable: &[f64]) -> Option<String> {
    let earning = usable.iter().rev().take(LEAST_DAYS).filter(|day| **day > 0.0).count();
    (earning < LEAST_EARNING_DAYS).then(|| {
        format!(
            "{earning} of the last {LEAST_DAYS} days earned something, a forecast takes {LEAST_EARNING_DAYS}"
        )
    })
}

/// Day by day.
pub fn sum<'a>(series: impl Iterator<Item = &'a [f64]>, length: usize) -> Vec<f64> {
    series.fold(vec![0.0; length], |mut sum, values| {
        sum.iter_mut().zip(values).for_each(|(sum, value)| *sum += value);
        sum
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a date")
    }

    /// Read on day 100.
    fn rows(days: std::ops::Range<u32>) -> ChannelDays {
        ChannelDays {
            account: "acme".to_owned(),
            channel: "email".to_owned(),
            revenues: days.clone().map(f64::from).collect(),
            read_on: vec![100; days.len()],
            days: days.collect(),
        }
    }

    #[test]
    fn days_without_a_row_are_zero_days_and_young_ones_are_at_the_end() {
        // From day 40 on, with a gap: day 99 is 1 day old, day 94 is 6.
        let rows = [rows(40..50), rows(60..100)];
        let of = |last: &str, known_on: &str| {
            History::new(&rows, day("2024-01-01"), day(last), day(known_on)).expect("days")
        };
        let history = of("2024-04-09", "2024-04-10");
        assert_eq!((history.first_day, history.length()), (day("2024-02-10"), 60));
        assert_eq!(history.whole()[10..21], [0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 60.]);
        assert_eq!((history.young_days(), history.young.clone()), (6, vec![6, 5, 4, 3, 2, 1]));
        assert_eq!(history.inflation(&[6.0, 5.0, 4.0, 3.0, 2.0, 1.5]), [1.5, 2.0, 3.0, 4.0, 5.0, 6.0]);
        // Later news change nothing: it was read on day 100. Earlier ones do.
        assert_eq!(of("2024-04-09", "2024-05-10").young_days(), 6);
        assert_eq!(of("2024-04-09", "2024-04-11").young_days(), 6);
        assert!(!history.is_unfinished() && of("2024-04-09", "2024-04-09").is_unfinished());
        assert!(History::new(&[], day("2024-01-01"), day("2024-04-09"), day("2024-04-10")).is_none());
    }

    #[test]
    fn what_has_ended_or_is_too_little_says_so() {
        let (start, last) = (day("2024-01-01"), day("2024-04-09"));
        let refusal = |days: std::ops::Range<u32>, newest: NaiveDate| {
            let history = History::new(&[rows(days)], start, last, last).expect("days");
            history.refusal(newest, &history.whole())
        };
        assert_eq!(refusal(1..100, last), None);
        let reason = refusal(1..90, last).expect("ended");
        assert_eq!(reason, "its sources end on 2024-03-30: the days after it are unknown");
        let reason = refusal(1..100, day("2024-04-08")).expect("ended");
        assert_eq!(reason, "all sources end on 2024-04-08: the days after it are unknown");
        assert_eq!(refusal(45..100, last).as_deref(), Some("55 days of history, a forecast takes 56"));
        assert_eq!(refusal(44..100, last), None);
        let earning = |days: usize| [vec![0.0; 60 - days], vec![1.0; days]].concat();
        assert_eq!(too_little(&earning(8)), None);
        let reason = too_little(&earning(7)).expect("too little");
        assert_eq!(reason, "7 of the last 56 days earned something, a forecast takes 8");
    }
}
