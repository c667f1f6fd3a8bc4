//! `aiviews seed`: realistic sample sources.

use std::time::{Duration, Instant};

use anyhow::Result;

use crate::cli::{Global, Seed};
use crate::exit::ExitCode;
use crate::output;
use crate::seed::{self, Size, Source};
use crate::stop::Stop;

pub(super) async fn run(global: &Global, arguments: &Seed, stop: &Stop) -> Result<ExitCode> {
    let connection = super::connect(global, Duration::ZERO, stop).await?;
    let db = &connection.db;
    super::announce(db);
    let started = Instant::now();
    let size = Size { accounts: arguments.accounts, days: arguments.days, seed: arguments.seed };
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
    output::print_words(&output::table(&["source", "rows", "accounts", "first date", "last date"], &rows));
    let accounts = output::counted(size.accounts.into(), "account");
    tracing::info!("{accounts} seeded in {:.1} s", started.elapsed().as_secs_f64());
    Ok(ExitCode::Done)
}
