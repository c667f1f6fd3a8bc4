//! How many injected faults the detector of anomaly events finds, and on how many ordinary days it fires.
//!
//! `scripts/bench events [FOLDER]` runs it on made-up shops (`shops.rs`), and on every CSV file of a folder: a header, then
//! a date and a value a line. Dates may be out of order or lack; natural logarithms (`*_log_*.csv`) are taken back. Exits
//! 1 where a bar is missed.
//!
//! A false day is an ordinary day, whatever truly happened on it, on which the detector would open an event, below or
//! above the usual. A fault is found by what opens below it. The level is chosen so that the share of false days, a mean
//! over the series, is that of the bar.

mod shops;

use std::collections::BTreeMap;
use std::path::Path;

use aiviews::outlook::events::baseline::Value;
use aiviews::outlook::events::episode::Change;
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

/// What one series came to: scores of ordinary days, of halved days, and the best of the first three days of a halved week.
#[derive(Default)]
struct Scores {
    ordinary: Vec<f64>,
    day: Vec<f64>,
    week: Vec<f64>,
    events_a_week: f64,
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
    let mut all: Vec<Scores> = series.iter().map(|(_, values)| measure(values)).collect();
    let row = |name: &str, of: &[Scores], days: usize| {
        let mean = |value: &dyn Fn(&Scores) -> f64| of.iter().map(value).sum::<f64>() / of.len() as f64;
        println!(
            "| {name} | {days} | {:.2} % | {:.2} | {:.0} % | {:.0} % |",
            100.0 * mean(&|it| above(&it.ordinary, ENTER)),
            mean(&|it| it.events_a_week),
            100.0 * mean(&|it| above(&it.day, ENTER)),
            100.0 * mean(&|it| above(&it.week, ENTER))
        );
    };
    println!("| series | days | false days | events a week | halved days | halved weeks |");
    println!("|---|--:|--:|--:|--:|--:|");
    if all.len() <= FEW_SERIES {
        let of_one = |((name, values), scores): (&(String, Vec<f64>), &Scores)| {
            row(name, std::slice::from_ref(scores), values.len());
        };
        series.iter().zip(&all).for_each(of_one);
    }
    row("mean of all", &all, series.iter().map(|(_, values)| values.len()).sum());
    verdict(&mut all)
}

fn verdict(all: &mut [Scores]) -> bool {
    let mean = |level: f64, of: fn(&Scores) -> &Vec<f64>| {
        all.iter().map(|scores| above(of(scores), level)).sum::<f64>() / all.len() as f64
    };
    let levels = (50..=1500).map(|hundredth| f64::from(hundredth) / 100.0);
    let level =
        levels.into_iter().find(|level| mean(*level, |it| &it.ordinary) <= FALSE_DAYS).unwrap_or(15.0);
    let (day, week) = (mean(level, |it| &it.day), mean(level, |it| &it.week));
    println!("\nAt the level {level:.2}, where {:.1} % of the ordinary days fire:", 100.0 * FALSE_DAYS);
    println!(
        "{:.0} % of halved days and {:.0} % of halved weeks within 3 days are found.",
        100.0 * day,
        100.0 * week
    );
    all.sort_by(|one, other| one.events_a_week.total_cmp(&other.events_a_week));
    let median = all[all.len() / 2].events_a_week;
    println!("In the median {median:.2} events a series and week on unchanged data.");
    day >= 0.45 && week >= 0.95 && median <= 1.0
}

fn above(scores: &[f64], level: f64) -> f64 {
    scores.iter().filter(|score| **score >= level).count() as f64 / scores.len().max(1) as f64
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

/// How far each day lies, and the days before it where they are judged together, as far as it may open an event: below
/// 0 for falls. And the days on which events opened.
fn scores(values: &[f64]) -> (Vec<f64>, Vec<usize>) {
    let mut watch = Watch::of_amounts();
    let (mut scores, mut opened) = (Vec::new(), Vec::new());
    for (day, value) in values.iter().enumerate() {
        let (judgement, change) = watch.next(Value::amount(*value), |_| true);
        scores.push(judgement.map_or(0.0, |judgement| judgement.score));
        if matches!(change, Some(Change::Opened(_))) {
            opened.push(day);
        }
    }
    (scores, opened)
}

fn measure(values: &[f64]) -> Scores {
    let (ordinary, opened) = scores(values);
    let counted = (values.len() - WARM_UP) as f64;
    let opened = opened.iter().filter(|day| **day >= WARM_UP).count();
    let mut of = Scores {
        ordinary: ordinary[WARM_UP..].iter().map(|score| score.abs()).collect(),
        events_a_week: opened as f64 * 7.0 / counted,
        ..Scores::default()
    };
    let falls = |scores: &[f64]| scores.iter().map(|score| -score).fold(0.0, f64::max);
    // Where nothing was, there is nothing to halve.
    let days = (WARM_UP..values.len() - 7).step_by(STEP).filter(|day| values[*day] > 0.0);
    for day in days {
        let from = day.saturating_sub(HISTORY_DAYS);
        let mut changed = values[from..day + 7].to_vec();
        let at = day - from;
        changed[at] /= 2.0;
        of.day.push(falls(&scores(&changed[..=at]).0[at..]));
        changed[at + 1..].iter_mut().for_each(|value| *value /= 2.0);
        of.week.push(falls(&scores(&changed[..at + 3]).0[at..]));
    }
    of
}
