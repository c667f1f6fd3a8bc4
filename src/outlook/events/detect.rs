//! The events of one account, from its days.

use super::days::{Account, Channel};
use super::episode::{Change, Side};
use super::event::{Event, Kind, Metric};
use super::severity;
use super::thresholds::{
    BROKEN_OPENS, LEAST_MESSAGES, LEAST_MONEY_SHARE, LIVING_CLICKS, MENDED_OPENS, NEW_USUAL_DAYS,
    TRACKS_OPENS,
};
use super::watch::{Figures, Judgement, Sides, Watch};

/// The metrics, those first that others need.
const METRICS: [Metric; 8] = [
    Metric::Delivered,
    Metric::Revenue,
    Metric::OpenRate,
    Metric::ClickRate,
    Metric::ConversionRate,
    Metric::UnsubscribeRate,
    Metric::SpamRate,
    Metric::BounceRate,
];

/// How much the revenue of young days grows, by age in days; none where that was never measured.
pub type Growth = Option<[f64; 6]>;

/// What was expected of each day of a channel, where anything was.
#[derive(Debug, Default)]
struct Expected {
    delivered: Vec<Option<f64>>,
    revenue: Vec<Option<f64>>,
    opens: Vec<Option<f64>>,
    clicks: Vec<Option<f64>>,
}

/// An event with the day that it was most unusual on, counted like its others.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// The event, without words.
    pub event: Event,
    /// Its most unusual day.
    pub peak: usize,
    /// Its score.
    pub score: f64,
    /// Delivered, and what was expected of it, on these days.
    pub sent: Option<(f64, f64)>,
}

/// Every event of the account, in no order. `last_age`: how old its last day is.
pub fn detect(account: &Account, growth: Growth, last_age: i64) -> Vec<Found> {
    let mut found = Vec::new();
    // Of one channel the whole account says the same once more.
    let skipped = usize::from(account.channels.len() == 2);
    for channel in account.channels.iter().skip(skipped) {
        let mut of_channel = channel_events(account, channel, growth, last_age);
        found.append(&mut of_channel);
    }
    found.extend(missing(account));
    let broken: Vec<Event> =
        found.iter().map(|it| it.event.clone()).filter(|it| it.kind == Kind::TrackingBroken).collect();
    found.retain(|it| {
        let is_told = |other: &Event| {
            it.event.metric == Metric::OpenRate
                && it.event.kind == Kind::BelowUsual
                && (it.event.channel.is_empty() || it.event.channel == other.channel)
                && overlap(&it.event, other)
        };
        !broken.iter().any(is_told)
    });
    let told = told_by_a_channel(&found);
    found.retain(|it| !told.contains(&it.event));
    found
}

/// Events of the whole account that are those of one of its channels once more.
fn told_by_a_channel(found: &[Found]) -> Vec<Event> {
    let is_told = |all: &&Found| {
        let same = |it: &&Found| {
            (it.event.metric, it.event.kind) == (all.event.metric, all.event.kind)
                && !it.event.channel.is_empty()
                && overlap(&it.event, &all.event)
        };
        found.iter().filter(same).count() == 1
    };
    let of_all = found.iter().filter(|it| it.event.channel.is_empty());
    of_all.filter(is_told).map(|it| it.event.clone()).collect()
}

fn overlap(one: &Event, other: &Event) -> bool {
    one.opened <= other.closed.unwrap_or(usize::MAX) && other.opened <= one.closed.unwrap_or(usize::MAX)
}

fn channel_events(account: &Account, channel: &Channel, growth: Growth, last_age: i64) -> Vec<Found> {
    let mut expected = Expected::default();
    let mut found = Vec::new();
    for metric in METRICS {
        let series = Series { account, channel, metric, growth, last_age };
        let (events, expectation) = series.watch(&expected);
        found.extend(events);
        match metric {
            Metric::Delivered => expected.delivered = expectation,
            Metric::Revenue => expected.revenue = expectation,
            Metric::OpenRate => expected.opens = expectation,
            Metric::ClickRate => expected.clicks = expectation,
            _ => {}
        }
    }
    if !channel.name.is_empty() {
        found.extend(tracking(account, channel, &expected));
    }
    found
}

/// One metric of one channel.
struct Series<'a> {
    account: &'a Account,
    channel: &'a Channel,
    metric: Metric,
    growth: Growth,
    last_age: i64,
}

impl Series<'_> {
    fn watch(&self, expected: &Expected) -> (Vec<Found>, Vec<Option<f64>>) {
        let mut watch = match self.metric {
            Metric::Revenue | Metric::Delivered => Watch::of_amounts(),
            metric if metric.is_complaint() => Watch::of_counts(Sides::Rises),
            _ => Watch::of_counts(Sides::Both),
        };
        let days = &self.channel.days;
        let mut expectation = vec![None; days.len()];
        let mut found: Vec<Found> = Vec::new();
        for day in self.channel.begins..days.len() {
            let value = days[day].value(self.metric);
            expectation[day] = watch.expected(value.of);
            let grown = if self.account.is_missing[day] { None } else { self.grown(day) };
            // A rate of nothing says nothing.
            let Some(growth) = grown.filter(|_| value.of > 0.0) else {
                if watch.skip() == Some(Change::NewUsual) {
                    close(found.last_mut(), day);
                }
                continue;
            };
            let value = super::baseline::Value { amount: value.amount * growth, ..value };
            let mut money = 0.0;
            let (judgement, change) = watch.next(value, |judgement| {
                money = self.money(day, judgement.figures, judgement.score, expected);
                self.is_worth(day, judgement, money, expected)
            });
            let Some((judgement, change)) = judgement.zip(change) else { continue };
            if matches!(change, Change::Stays) {
                money = self.money(day, judgement.of_day, judgement.day_score, expected);
            }
            match change {
                Change::Opened(side) => found.push(self.open(day, side, &judgement, money, expected)),
                Change::Stays => self.go_on(found.last_mut(), day, &judgement, money, expected),
                Change::Calm => {}
                Change::Closed | Change::NewUsual => close(found.last_mut(), day),
            }
        }
        for it in &mut found {
            self.weigh(it);
        }
        (found, expectation)
    }

    /// By what the day's amount is multiplied to be final; none where that is not known.
    fn grown(&self, day: usize) -> Option<f64> {
        match self.metric {
            Metric::Revenue | Metric::ConversionRate if self.channel.days[day].is_young => {
                let age = self.last_age + (self.channel.days.len() - 1 - day) as i64;
                let growth = self.growth.filter(|_| self.metric == Metric::Revenue)?;
                growth.get(usize::try_from(age - 1).ok()?).copied()
            }
            _ => Some(1.0),
        }
    }

    fn is_worth(&self, day: usize, judgement: &Judgement, money: f64, expected: &Expected) -> bool {
        let delivered = self.channel.days[day].delivered;
        let usual = match self.metric {
            Metric::Delivered => Some(judgement.of_day.expected),
            _ => expected.delivered.get(day).copied().flatten(),
        };
        delivered.max(usual.unwrap_or_default()) >= LEAST_MESSAGES
            || (money > 0.0 && money >= LEAST_MONEY_SHARE * self.account.month_before(day))
    }

    /// Revenue that a change is about, of the day or of several days up to it.
    fn money(&self, day: usize, figures: Figures, score: f64, expected: &Expected) -> f64 {
        let Figures { observed, expected: usual, of, .. } = figures;
        let is_bad = (score > 0.0) == self.metric.is_complaint();
        let of_day =
            expected.revenue.get(day).copied().flatten().unwrap_or_else(|| self.channel.mean_before(day));
        let of_days = of_day * figures.days as f64;
        match self.metric {
            Metric::Revenue => (observed - usual).abs(),
            _ if !is_bad => 0.0,
            // So many more people are lost or not reached.
            metric if metric.is_complaint() => (observed - usual) / of.max(1.0) * of_days,
            _ => (1.0 - observed / usual.max(f64::MIN_POSITIVE)).clamp(0.0, 1.0) * of_days,
        }
    }

    fn open(&self, day: usize, side: Side, judgement: &Judgement, money: f64, expected: &Expected) -> Found {
        let event = Event {
            account: self.account.id.clone(),
            channel: self.channel.name.clone(),
            metric: self.metric,
            kind: if side == Side::Below { Kind::BelowUsual } else { Kind::AboveUsual },
            subject: String::new(),
            opened: day,
            last_seen: day,
            closed: None,
            days: 1,
            observed: 0.0,
            expected: 0.0,
            range: (0.0, 0.0),
            money,
            severity: 0,
            words: String::new(),
            reason: String::new(),
        };
        let mut found = Found { event, peak: day, score: 0.0, sent: None };
        self.take(&mut found, day, judgement, expected);
        found
    }

    fn go_on(
        &self,
        found: Option<&mut Found>,
        day: usize,
        judgement: &Judgement,
        money: f64,
        expected: &Expected,
    ) {
        let Some(found) = found else { return };
        found.event.last_seen = day;
        found.event.money += money;
        if judgement.score.abs() > found.score {
            self.take(found, day, judgement, expected);
        }
    }

    /// The day is the event's most unusual one so far.
    fn take(&self, found: &mut Found, day: usize, judgement: &Judgement, expected: &Expected) {
        let figures = &judgement.figures;
        let of = if self.metric.is_rate() { figures.of } else { 1.0 };
        (found.peak, found.event.days) = (day, figures.days);
        found.event.observed = figures.observed / of;
        found.event.expected = figures.expected / of;
        found.event.range = (figures.range.0 / of, figures.range.1 / of);
        let sent = |day: usize| {
            Some((self.channel.days[day].delivered, expected.delivered.get(day).copied().flatten()?))
        };
        let sums = |(sent, usual): (f64, f64), (one, other): (f64, f64)| (sent + one, usual + other);
        found.sent =
            (day + 1 - figures.days..=day).map(sent).try_fold((0.0, 0.0), |all, day| Some(sums(all, day?)));
        found.score = judgement.score.abs();
    }

    fn weigh(&self, found: &mut Found) {
        let month = self.account.month_before(found.event.opened);
        found.event.severity = severity::of(&found.event, found.score, month);
    }
}

fn close(found: Option<&mut Found>, day: usize) {
    if let Some(found) = found {
        found.event.closed = Some(day);
    }
}

/// Opens fall to nothing while clicks go on.
fn tracking(account: &Account, channel: &Channel, expected: &Expected) -> Vec<Found> {
    let mut found: Vec<Found> = Vec::new();
    // The expected open rate when it broke.
    let mut open: Option<f64> = None;
    for (day, it) in channel.days.iter().enumerate() {
        let is_open = open.is_some();
        let (Some(opens), Some(clicks)) =
            (expected.opens.get(day).copied().flatten(), expected.clicks.get(day).copied().flatten())
        else {
            continue;
        };
        if it.delivered < LEAST_MESSAGES || account.is_missing[day] {
            continue;
        }
        let rate = open.unwrap_or(opens / it.delivered);
        let usual = rate * it.delivered;
        let is_broken = rate >= TRACKS_OPENS
            && it.opens <= BROKEN_OPENS * usual
            && it.clicks > 0.0
            && (is_open || it.clicks >= LIVING_CLICKS * clicks);
        let money = expected.revenue.get(day).copied().flatten().unwrap_or_default();
        match (is_broken, is_open) {
            (true, false) => {
                open = Some(rate);
                found.push(broken(account, channel, day, rate, money));
            }
            (true, true) => {
                if let Some(found) = found.last_mut() {
                    found.event.last_seen = day;
                    found.event.money += money;
                }
            }
            (false, true) if it.opens >= MENDED_OPENS * usual => {
                open = None;
                close(found.last_mut(), day);
            }
            _ => {}
        }
        let last_seen = found.last().map_or(day, |found| found.event.last_seen);
        if open.is_some() && day - last_seen > NEW_USUAL_DAYS {
            open = None;
            close(found.last_mut(), day);
        }
    }
    for it in &mut found {
        it.event.severity = severity::of(&it.event, 0.0, account.month_before(it.event.opened));
    }
    found
}

fn broken(account: &Account, channel: &Channel, day: usize, rate: f64, money: f64) -> Found {
    let it = &channel.days[day];
    let event = Event {
        account: account.id.clone(),
        channel: channel.name.clone(),
        metric: Metric::OpenRate,
        kind: Kind::TrackingBroken,
        subject: String::new(),
        opened: day,
        last_seen: day,
        closed: None,
        days: 1,
        observed: it.opens / it.delivered,
        expected: rate,
        range: (BROKEN_OPENS * rate, 1.0),
        money,
        severity: 0,
        words: String::new(),
        reason: format!("{:.0} clicks came on the same day: the opens are not counted", it.clicks),
    };
    Found { event, peak: day, score: 0.0, sent: None }
}

/// Days without rows that are missing, not zero.
fn missing(account: &Account) -> Vec<Found> {
    let mut found: Vec<Found> = Vec::new();
    for (day, is_missing) in account.is_missing.iter().enumerate() {
        let was = day > 0 && account.is_missing[day - 1];
        // What such days bring in the mean.
        let usual = |first: usize| account.month_before(first) / super::thresholds::BASELINE_DAYS as f64;
        match (is_missing, was, found.last_mut()) {
            (true, true, Some(found)) => {
                found.event.last_seen = day;
                found.event.money += usual(found.event.opened);
            }
            (true, ..) => {
                let event = Event {
                    account: account.id.clone(),
                    channel: String::new(),
                    metric: Metric::Data,
                    kind: Kind::DataMissing,
                    subject: String::new(),
                    opened: day,
                    last_seen: day,
                    closed: None,
                    days: 1,
                    observed: 0.0,
                    expected: 1.0,
                    range: (1.0, 1.0),
                    money: usual(day),
                    severity: 0,
                    words: String::new(),
                    reason: String::new(),
                };
                found.push(Found { event, peak: day, score: 0.0, sent: None });
            }
            (false, true, last) => close(last, day),
            _ => {}
        }
    }
    for it in &mut found {
        it.event.severity = severity::of(&it.event, 0.0, account.month_before(it.event.opened));
    }
    found
}
