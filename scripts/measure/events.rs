//! How many injected faults the detector of anomaly events finds, and on how many ordinary days it fires.
//!
//! `scripts/bench events [FOLDER]` runs it on made-up shops (`shops.rs`), and on every CSV file of a folder: a header, then
//! a date and a value a line. Dates may be out of order or lack; natural logarithms (`*_log_*.csv`) are taken back. Exits
//! 1 where a bar is missed.
//!
//! A false day is an ordinary day, whatever truly happened on it, that the detector takes into an event, below or above
//! the usual: that it opens on, or that keeps it open. A fault is found if its day is in an event below. The level is
//! chosen so that the share of false days, a mean over the series, is that of the bar; beside it stands what is found where
//! as many events open a day.

mod shops;

use std::collections::BTreeMap;
use std::path::Path;

use aiviews::outlook::events::baseline::Value;
use aiviews::outlook::events::episode::{Change, Side};
use aiviews::outlook::events::thresholds::{ENTER, HISTORY_DAYS};
use aiviews::outlook::events::watch::Watch;
use anyhow::{Context, Result, ensure};
use chrono::{Days, NaiveDate};

/// Days before the first one that is counted.
const WARM_UP: usize = 112;
/// Every so many days a fault is injected, each into the series as it is.
const STEP: usize = 3;
/// The share of ordinary days on which the detector may fire, where its level is chosen by that.
const FALSE_DAYS: f64 = 0.005;
/// Made-up shops.
const SHOPS: u64 = 40;
/// So few series have a line each.
const FEW_SERIES: usize = 12;

/// Levels that are tried.
const LEVELS: std::ops::RangeInclusive<u32> = 20..=150;

/// A day in an event.
#[derive(Clone, Copy, PartialEq)]
struct Unusual {
    opens: bool,
    side: Side,
}

/// What is found at a level, as shares: means over the series.
struct Found {
    opened: f64,
    unusual: f64,
    days: f64,
    weeks: f64,
}

fn main() -> Result<()> {
    let made_up: Vec<_> = (0..SHOPS).map(|shop| (format!("shop {shop}"), shops::days(shop))).collect();
    let mut sets = vec![("made-up shops".to_owned(), made_up)];
    if let Some(folder) = std::env::args().nth(1).filter(|folder| !folder.is_empty()) {
        sets.push((folder.clone(), series(&folder)?));
    }
    let mut missed = 0;
    for (name, series) in sets {
        println!("\n{name}: {} series\n", series.len());
        missed += usize::from(!judge(&series));
    }
    ensure!(missed == 0, "a bar is missed: 45 % of days, 95 % of weeks, one event a week");
    Ok(())
}

/// The series of a folder, by their names.
fn series(folder: &str) -> Result<Vec<(String, Vec<f64>)>> {
    let mut paths: Vec<_> =
        std::fs::read_dir(folder)?.map(|it| it.map(|it| it.path())).collect::<Result<_, _>>()?;
    paths.sort();
    let mut all = Vec::new();
    for path in paths.iter().filter(|path| path.extension().is_some_and(|ending| ending == "csv")) {
        let values = read(path).with_context(|| path.display().to_string())?;
        if values.len() >= WARM_UP + HISTORY_DAYS {
            all.push((path.file_stem().unwrap_or_default().to_string_lossy().into_owned(), values));
        }
    }
    ensure!(!all.is_empty(), "no series of {} days in `{folder}`", WARM_UP + HISTORY_DAYS);
    Ok(all)
}

/// Prints what the detector finds in these series; whether the bars hold.
fn judge(series: &[(String, Vec<f64>)]) -> bool {
    let values: Vec<&[f64]> = series.iter().map(|(_, values)| values.as_slice()).collect();
    println!("| series | days | false days | events a week | halved days | halved weeks |");
    println!("|---|--:|--:|--:|--:|--:|");
    let row = |name: &str, values: &[&[f64]]| {
        let Found { opened, unusual, days, weeks } = find(values, ENTER);
        let count: usize = values.iter().map(|values| values.len()).sum();
        println!(
            "| {name} | {count} | {:.2} % | {:.2} | {:.0} % | {:.0} % |",
            100.0 * unusual,
            7.0 * opened,
            100.0 * days,
            100.0 * weeks
        );
    };
    if series.len() <= FEW_SERIES {
        series.iter().for_each(|(name, values)| row(name, &[values]));
    }
    row("mean of all", &values);
    let level = level(&values, |it| it.unusual);
    let found = find(&values, level);
    let beside = find(&values, self::level(&values, |it| it.opened));
    println!(
        "\nAt the level {level:.1}, where {:.1} % of the ordinary days are in an event, {:.0} % of halved days and {:.0} % of \
         halved weeks within 3 days are found.\nWhere as many events open a day: {:.0} % and {:.0} %.",
        100.0 * FALSE_DAYS,
        100.0 * found.days,
        100.0 * found.weeks,
        100.0 * beside.days,
        100.0 * beside.weeks
    );
    let mut a_week: Vec<f64> =
        values.iter().map(|values| 7.0 * ordinary(std::slice::from_ref(values), ENTER).opened).collect();
    a_week.sort_by(f64::total_cmp);
    let median = a_week[a_week.len() / 2];
    println!("In the median {median:.2} events a series and week on unchanged data.");
    found.days >= 0.45 && found.weeks >= 0.95 && median <= 1.0
}

/// The first level with few enough false days.
fn level(values: &[&[f64]], share: fn(&Found) -> f64) -> f64 {
    let mut levels = LEVELS.map(|tenth| f64::from(tenth) / 10.0);
    levels.find(|level| share(&ordinary(values, *level)) <= FALSE_DAYS).unwrap_or(15.0)
}

/// What is found on unchanged data, all of it false.
fn ordinary(values: &[&[f64]], level: f64) -> Found {
    let share = |is_meant: fn(&Unusual) -> bool| {
        let of_one = |values: &&[f64]| {
            let days = &watch(values, level)[WARM_UP..];
            days.iter().flatten().filter(|it| is_meant(it)).count() as f64 / days.len() as f64
        };
        values.iter().map(of_one).sum::<f64>() / values.len() as f64
    };
    Found { opened: share(|it| it.opens), unusual: share(|_| true), days: 0.0, weeks: 0.0 }
}

/// With faults injected, each into the series as it is.
fn find(values: &[&[f64]], level: f64) -> Found {
    let (mut days, mut weeks) = (0.0, 0.0);
    for values in values {
        let (day, week) = injected(values, level);
        days += day;
        weeks += week;
    }
    let count = values.len() as f64;
    Found { days: days / count, weeks: weeks / count, ..ordinary(values, level) }
}

/// The series day by day; a day without a value has that of the week before.
fn read(path: &Path) -> Result<Vec<f64>> {
    let is_log = path.to_string_lossy().contains("_log_");
    let mut days: BTreeMap<NaiveDate, f64> = BTreeMap::new();
    for line in std::fs::read_to_string(path)?.lines().skip(1) {
        let line = line.replace('"', "");
        let (date, value) =
            line.split_once(',').with_context(|| format!("not a date and a value: {line}"))?;
        let Ok(value) = value.trim().parse::<f64>() else { continue };
        let date = NaiveDate::parse_from_str(date, "%Y-%m-%d")
            .or_else(|_| NaiveDate::parse_from_str(date, "%d/%m/%y"))?;
        days.insert(date, if is_log { value.exp() } else { value });
    }
    let (first, last) = days.keys().next().zip(days.keys().last()).context("empty")?;
    let mut values = Vec::new();
    let mut day = *first;
    while day <= *last {
        let before = values.len().checked_sub(7).map_or(0.0, |index| values[index]);
        values.push(days.get(&day).copied().unwrap_or(before));
        day = day + Days::new(1);
    }
    Ok(values)
}

/// The days that are in an event.
fn watch(values: &[f64], level: f64) -> Vec<Option<Unusual>> {
    let mut watch = Watch::of_amounts().opening_at(level);
    let mut side = Side::Below;
    let day = |value: &f64| match watch.next(Value::amount(*value), |_| true).1 {
        Some(Change::Opened(opened)) => {
            side = opened;
            Some(Unusual { opens: true, side })
        }
        Some(Change::Stays) => Some(Unusual { opens: false, side }),
        _ => None,
    };
    values.iter().map(day).collect()
}

/// The shares of halved days and of halved weeks that are found.
fn injected(values: &[f64], level: f64) -> (f64, f64) {
    let is_below = |day: &Option<Unusual>| day.is_some_and(|it| it.side == Side::Below);
    let (mut count, mut found_days, mut found_weeks) = (0.0, 0.0, 0.0);
    // Where nothing was, there is nothing to halve.
    for day in (WARM_UP..values.len() - 7).step_by(STEP).filter(|day| values[*day] > 0.0) {
        let from = day.saturating_sub(HISTORY_DAYS);
        let (mut changed, at) = (values[from..day + 7].to_vec(), day - from);
        changed[at] /= 2.0;
        count += 1.0;
        found_days += f64::from(watch(&changed[..=at], level)[at..].iter().any(is_below));
        changed[at + 1..].iter_mut().for_each(|value| *value /= 2.0);
        found_weeks += f64::from(watch(&changed[..at + 3], level)[at..].iter().any(is_below));
    }
    (found_days / f64::max(count, 1.0), found_weeks / f64::max(count, 1.0))
}
