//! The forecast of one account: its days, its channels, and where its periods land. Pure.

use chrono::{Days, NaiveDate};

use super::backtest::{self, Backtest};
use super::band::{Band, HORIZON, Level, Residuals};
use super::event;
use super::growth::Factors;
use super::history::{ALL, Channel, History, sum, too_little};
use super::period::{self, Period};
use super::pool::Pool;

/// Recent days that tell how channels share what none of them is expected to earn.
const SHARE_DAYS: usize = 112;
/// A younger channel, in days, has no band of its own.
const YOUNG_CHANNEL: usize = 56;
/// How many times as wide as the account's the band of such a channel is.
const BORROWED: f64 = 2.0;

/// A day to come.
#[derive(Clone, Debug)]
pub struct Day {
    /// The channel, or `all`.
    pub channel: String,
    /// The day.
    pub date: NaiveDate,
    /// Days from the last complete one.
    pub horizon: u8,
    /// What it is expected to earn.
    pub expected: f64,
    /// The 80 % band.
    pub eighty: Band,
    /// The 95 % band.
    pub ninety_five: Band,
    /// An event that the history has not seen twice.
    pub event: &'static str,
}

/// Where a period ends.
#[derive(Clone, Debug)]
pub struct Landing {
    /// The channel, or `all`.
    pub channel: String,
    /// The period.
    pub period: Period,
    /// What is in already.
    pub already_in: f64,
    /// What it is expected to have earned at its end, with the 80 and the 95 % band; nothing without a forecast.
    pub expected: Option<(f64, Band, Band)>,
    /// An event in it that the history has not seen twice.
    pub event: &'static str,
    /// Why there is no forecast, or what to know about it.
    pub reason: String,
}

/// All that is known about the days to come of an account.
#[derive(Clone, Debug)]
pub struct AccountOutlook {
    /// The account.
    pub account: String,
    /// The newest day whose news it could know.
    pub known_on: NaiveDate,
    /// The last day that the forecast stands on.
    pub trained_to: NaiveDate,
    /// The next 28 days; none without a forecast.
    pub days: Vec<Day>,
    /// The periods.
    pub landings: Vec<Landing>,
    /// How good the method was on the account's own past.
    pub backtest: Option<Backtest>,
}

/// One series with what is expected of it.
struct Series {
    channel: String,
    /// What came, as known.
    seen: Vec<f64>,
    /// What came, as far as it can be built on: young days are grown up, or left out.
    usable: Vec<f64>,
    /// From the first day after the usable ones on.
    path: Vec<f64>,
    residuals: Residuals,
    /// What to know about it.
    reason: String,
}

/// A channel without a forecast: its name, what came, and why.
type Refused = (String, Vec<f64>, String);

/// Looks ahead from an account's history. Without factors of growth, days that still grow are left out.
pub fn look_ahead(history: &History, growth: Option<Factors>, newest_of_all: NaiveDate) -> AccountOutlook {
    // How much an unfinished day still grows was never measured.
    let growth = growth.filter(|_| !history.is_unfinished());
    let gap = if growth.is_some() { 0 } else { history.young_days() };
    let frame = Frame { history, gap, horizon: gap + period::farthest(history.last_complete) };
    let usable = |channel: &Channel| usable(history, &channel.seen, growth.as_ref());
    let channels: Vec<Vec<f64>> = history.channels.iter().map(usable).collect();
    let whole = sum(channels.iter().map(Vec::as_slice), history.length() - gap);
    let trained_to = history.last_complete - Days::new(gap as u64);
    let mut outlook = AccountOutlook {
        account: history.account.clone(),
        known_on: history.known_on,
        trained_to,
        days: Vec::new(),
        landings: Vec::new(),
        backtest: None,
    };
    if let Some(reason) = history.refusal(newest_of_all, &whole) {
        outlook.landings = frame.without_forecast(ALL, &history.whole(), &reason);
        return outlook;
    }
    let pool = Pool::new(&whole);
    let all = Series {
        channel: ALL.to_owned(),
        seen: history.whole(),
        path: pool.path(pool.weeks(), frame.horizon),
        residuals: Residuals::of(&pool, frame.horizon),
        usable: whole,
        reason: String::new(),
    };
    outlook.backtest = backtest::of(&pool);
    let (known, unknown) = frame.channels(channels, &all);
    for series in std::iter::once(&all).chain(&known) {
        outlook.days.extend(frame.days(series));
        outlook.landings.extend(frame.landings(series, &all));
    }
    for (name, seen, reason) in unknown {
        outlook.landings.extend(frame.without_forecast(&name, &seen, &reason));
    }
    outlook
}

/// What a series can be built on.
fn usable(history: &History, seen: &[f64], growth: Option<&Factors>) -> Vec<f64> {
    let (old, young) = seen.split_at(seen.len() - history.young_days());
    let grown = growth.map(|factors| history.inflation(factors)).unwrap_or_default();
    let grown = young.iter().zip(grown).map(|(day, factor)| day * factor);
    old.iter().copied().chain(grown).collect()
}

/// What the series of an account have in common.
struct Frame<'a> {
    history: &'a History,
    /// Days between the last usable and the last complete one.
    gap: usize,
    /// Days from the last usable one to the end of next month.
    horizon: usize,
}

impl Frame<'_> {
    fn first_path_day(&self) -> NaiveDate {
        self.history.last_complete + Days::new(1) - Days::new(self.gap as u64)
    }

    fn event(&self, date: NaiveDate) -> Option<&'static str> {
        event::unknown(date, self.history.first_day, self.history.last_complete)
    }

    /// The channels with a forecast, so scaled that they add up to the account, and those without.
    fn channels(&self, usable: Vec<Vec<f64>>, all: &Series) -> (Vec<Series>, Vec<Refused>) {
        let (mut known, mut unknown) = (Vec::new(), Vec::new());
        for (channel, usable) in self.history.channels.iter().zip(usable) {
            // A channel of this name would be taken for the account.
            if channel.name == ALL {
                continue;
            }
            match too_little(&usable) {
                Some(reason) => unknown.push((channel.name.clone(), channel.seen.clone(), reason)),
                None => known.push(self.channel(channel, usable, all)),
            }
        }
        reconcile(&mut known, &all.path);
        (known, unknown)
    }

    fn channel(&self, channel: &Channel, usable: Vec<f64>, all: &Series) -> Series {
        let pool = Pool::new(&usable);
        let own = Residuals::of(&pool, self.horizon);
        let quiet = usable.iter().take_while(|day| **day <= 0.0).count();
        let is_young = usable.len() - quiet < YOUNG_CHANNEL || own.is_empty();
        let began = self.history.first_day + Days::new(quiet as u64);
        Series {
            channel: channel.name.clone(),
            seen: channel.seen.clone(),
            path: pool.path(pool.weeks(), self.horizon),
            residuals: if is_young { all.residuals.wider(BORROWED) } else { own },
            usable,
            reason: match is_young {
                true => format!("earns since {began}: its band is the account's, {BORROWED} times as wide"),
                false => String::new(),
            },
        }
    }

    fn days(&self, series: &Series) -> Vec<Day> {
        let day = |horizon: usize| {
            let (index, expected) = (self.gap + horizon - 1, series.path[self.gap + horizon - 1]);
            let date = self.history.last_complete + Days::new(horizon as u64);
            let event = self.event(date);
            let band = |level| {
                let band = series.residuals.day(&series.path, index, level);
                band.times(if event.is_some() { event::WIDER } else { 1.0 }).around(expected, 0.0)
            };
            Day {
                channel: series.channel.clone(),
                date,
                horizon: horizon as u8,
                expected,
                eighty: band(Level::Eighty),
                ninety_five: band(Level::NinetyFive),
                event: event.unwrap_or_default(),
            }
        };
        (1..=HORIZON).map(day).collect()
    }

    fn landings(&self, series: &Series, all: &Series) -> Vec<Landing> {
        let landing = |period: Period| self.landing(period, series, all);
        period::of(self.history.last_complete).into_iter().map(landing).collect()
    }

    fn landing(&self, period: Period, series: &Series, all: &Series) -> Landing {
        let already_in = self.between(&series.seen, &period);
        let after = self.days_after(&period);
        let (young, to_come) = (after.start..after.end.min(self.gap), after.start.max(self.gap)..after.end);
        let expected = self.between(&series.usable, &period)
            + self.young(&young, series, all)
            + series.path[to_come.clone()].iter().sum::<f64>();
        let first = self.first_path_day();
        let events: Vec<(usize, &str)> =
            to_come.filter_map(|day| Some((day, self.event(first + Days::new(day as u64))?))).collect();
        let band = |level| {
            let mut band = series.residuals.sum(&series.path, after.clone(), level);
            for (day, _) in &events {
                let more = series.residuals.day(&series.path, *day, level).times(event::WIDER - 1.0);
                band =
                    Band { lower: band.lower + more.lower.min(0.0), upper: band.upper + more.upper.max(0.0) };
            }
            band.around(expected, already_in)
        };
        let mut named: Vec<&str> = events.iter().map(|(_, event)| *event).collect();
        named.dedup();
        Landing {
            channel: series.channel.clone(),
            period,
            already_in,
            expected: Some((expected, band(Level::Eighty), band(Level::NinetyFive))),
            event: event::together(&named),
            reason: series.reason.clone(),
        }
    }

    /// What the young days that were left out will have earned: what is in, or what the days before made expect.
    /// Channels share what is still to come as they share what is in.
    fn young(&self, days: &std::ops::Range<usize>, series: &Series, all: &Series) -> f64 {
        if days.is_empty() {
            return 0.0;
        }
        let begin = all.usable.len();
        let seen = |series: &Series| series.seen[begin + days.start..begin + days.end].iter().sum::<f64>();
        let path = |series: &Series| series.path[days.clone()].iter().sum::<f64>();
        let missing = (path(all) - seen(all)).max(0.0);
        let share = match (seen(all) > 0.0, path(all) > 0.0) {
            (true, _) => seen(series) / seen(all),
            (false, true) => path(series) / path(all),
            (false, false) => 0.0,
        };
        seen(series) + missing * share
    }

    /// What these values, one a day from the first day on, come to within a period.
    fn between(&self, values: &[f64], period: &Period) -> f64 {
        let index = |date: NaiveDate| (date - self.history.first_day).num_days().max(0) as usize;
        let (from, to) = (index(period.from), index(period.to + Days::new(1)).min(values.len()));
        if from < to { values[from..to].iter().sum() } else { 0.0 }
    }

    /// The days of a period that the path has.
    fn days_after(&self, period: &Period) -> std::ops::Range<usize> {
        let index = |date: NaiveDate| (date - self.first_path_day()).num_days().max(0) as usize;
        index(period.from)..index(period.to + Days::new(1)).min(self.horizon)
    }

    fn without_forecast(&self, channel: &str, seen: &[f64], reason: &str) -> Vec<Landing> {
        let landing = |period: Period| Landing {
            channel: channel.to_owned(),
            already_in: self.between(seen, &period),
            period,
            expected: None,
            event: "",
            reason: reason.to_owned(),
        };
        period::of(self.history.last_complete).into_iter().map(landing).collect()
    }
}

/// Scales the channels day by day so that they add up to the account.
fn reconcile(channels: &mut [Series], whole: &[f64]) {
    let recent: Vec<f64> =
        channels.iter().map(|series| series.usable.iter().rev().take(SHARE_DAYS).sum::<f64>()).collect();
    let recent_sum: f64 = recent.iter().sum();
    for (day, expected) in whole.iter().enumerate() {
        let together: f64 = channels.iter().map(|series| series.path[day]).sum();
        for (series, recent) in channels.iter_mut().zip(&recent) {
            series.path[day] = match together > 0.0 {
                true => series.path[day] * expected / together,
                false => expected * recent / recent_sum.max(f64::MIN_POSITIVE),
            };
        }
    }
}

#[cfg(test)]
#[path = "account_tests.rs"]
mod tests;
