//! Forecasts series from several origins, for `scripts/bench forecast`.
//!
//! Reads lines `series origin value value ...` from stdin: a name, the number of values before the first forecast day, and
//! the values, the oldest first. Writes a line `series origin day expected lower upper` for each of 28 days, and one with
//! `total` for their sum. With an argument it measures instead how long so many accounts of four series take.

use std::hint::black_box;
use std::io::{BufRead, Write, stdin, stdout};
use std::time::Instant;

use aiviews::outlook::forecast::account::look_ahead;
use aiviews::outlook::forecast::band::{HORIZON, Level, Residuals};
use aiviews::outlook::forecast::history::{ChannelDays, History};
use aiviews::outlook::forecast::pool::Pool;
use anyhow::{Context, Result};
use chrono::{Days, NaiveDate};

fn main() -> Result<()> {
    match std::env::args().nth(1) {
        Some(accounts) => measure(accounts.parse().context("how many accounts")?),
        None => forecast(),
    }
}

fn forecast() -> Result<()> {
    let mut out = stdout().lock();
    for line in stdin().lock().lines() {
        let line = line?;
        let mut words = line.split(' ');
        let series = words.next().context("a series")?;
        let origin: usize = words.next().context("an origin")?.parse()?;
        let values: Vec<f64> = words.map(str::parse).collect::<Result<_, _>>()?;
        let pool = Pool::new(&values[..origin]);
        let expected = pool.path(pool.weeks(), HORIZON);
        let residuals = Residuals::of(&pool, HORIZON);
        for day in 0..HORIZON {
            let band = residuals.day(&expected, day, Level::Eighty).around(expected[day], 0.0);
            writeln!(out, "{series} {origin} {day} {} {} {}", expected[day], band.lower, band.upper)?;
        }
        let total: f64 = expected.iter().sum();
        let band = residuals.sum(&expected, 0..HORIZON, Level::Eighty).around(total, 0.0);
        writeln!(out, "{series} {origin} total {total} {} {}", band.lower, band.upper)?;
    }
    Ok(())
}

/// Two years of three channels, and the account in all; on as many threads as `populate` uses.
fn measure(accounts: usize) -> Result<()> {
    let last = NaiveDate::from_ymd_opt(2024, 3, 10).context("a date")?;
    let first = last - Days::new(729);
    let channel = |account: usize, channel: usize| ChannelDays {
        account: account.to_string(),
        channel: channel.to_string(),
        days: (0..730).collect(),
        revenues: (0..730).map(|day| ((day * 37 + account * 11 + channel * 7) % 101) as f64).collect(),
        read_on: vec![800; 730],
    };
    let history = |account: usize| {
        let channels: Vec<ChannelDays> = (0..3).map(|it| channel(account, it)).collect();
        History::new(&channels, first, last, last + Days::new(30)).context("days")
    };
    let histories: Vec<History> = (0..accounts).map(history).collect::<Result<_>>()?;
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let started = Instant::now();
    std::thread::scope(|scope| {
        for share in histories.chunks(accounts.div_ceil(threads)) {
            scope.spawn(move || share.iter().for_each(|it| _ = black_box(look_ahead(it, None, last))));
        }
    });
    println!("{:.3}", started.elapsed().as_secs_f64());
    Ok(())
}
