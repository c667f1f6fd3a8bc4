//! `aiviews seed`: realistic sample sources.

use std::time::{Duration, Instant};

use anyhow::Result;
use chrono::NaiveDate;

use super::{Global, Verb};
use crate::exit::ExitCode;
use crate::exit::stop::{Manner, Stop};
use crate::output;
use crate::seed::{self, Size, Source};

/// Arguments of `seed`.
#[derive(clap::Args, Debug)]
pub struct Arguments {
    /// Number of accounts
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    accounts: u32,
    /// Number of dates, today included
    #[arg(long, default_value_t = 120, value_parser = clap::value_parser!(u32).range(1..=3650))]
    days: u32,
    /// The same seed makes the same rows
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Add six accounts with a story: StBrk1 (a trend that breaks), StHol1 (a week of holidays), StDea1 (a dead flow), StTrk1
    /// (broken tracking), StSal1 (a planned sale), StYng1 (revenue that grows for a week)
    #[arg(long)]
    stories: bool,
    /// Make the sources as they were known on this day: the accounts with a story show the same days, the young ones with
    /// the orders that were in by then (default: the server's today)
    #[arg(long, value_name = "DATE", requires = "stories")]
    known_on: Option<NaiveDate>,
    /// One JSON document on stdout
    #[arg(long)]
    json: bool,
}

impl Verb for Arguments {
    const MANNER: Manner = Manner::Writes;

    fn wants_json(&self) -> bool {
        self.json
    }
}

pub(super) async fn run(global: &Global, arguments: &Arguments, stop: &Stop) -> Result<ExitCode> {
    let connection = super::connect(global, Duration::ZERO, stop).await?;
    let db = &connection.db;
    super::announce(db);
    let started = Instant::now();
    let Arguments { accounts, days, seed, stories, known_on, .. } = *arguments;
    let size = Size { accounts, days, seed, stories, known_on };
    let bar = output::progress_bar(size.accounts.into(), &output::counted(size.accounts.into(), "account"));
    let sources = seed::seed(db, size, stop, &bar).await;
    bar.finish_and_clear();
    let sources = sources?;
    if arguments.json {
        output::print_json(&sources);
        return Ok(ExitCode::Done);
    }
    let row = |source: &Source| {
        vec![
            source.source.clone(),
            source.source_rows.to_string(),
            source.accounts.to_string(),
            source.first_date.to_string(),
            source.last_date.to_string(),
        ]
    };
    let rows: Vec<Vec<String>> = sources.iter().map(row).collect();
    output::print_words(&output::table(
        &["source", "rows", "accounts", "first date", "last date"],
        &rows,
        &[],
    ));
    let accounts = output::counted(size.accounts.into(), "account");
    tracing::info!("{accounts} seeded in {:.1} s", started.elapsed().as_secs_f64());
    Ok(ExitCode::Done)
}
