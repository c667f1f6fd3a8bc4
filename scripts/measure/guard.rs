//! How long the check of a model's statement takes: both walls, over the analysts' queries of the tests.
//!
//! `scripts/bench guard` runs it. Exits 1 where the bar is missed.

use std::time::{Duration, Instant};

use aiviews::db::connection::open;
use aiviews::db::retry::RetryPolicy;
use aiviews::db::target::{DEFAULT_DATABASE, Embedded, Target};
use aiviews::engine::exit_at_once;
use aiviews::mcp::guard::{self, Scope};
use anyhow::{Result, ensure};

/// The most that 95 of 100 checks take.
const BAR: Duration = Duration::from_millis(5);
/// How often each query is checked.
const ROUNDS: usize = 20;

#[tokio::main]
async fn main() {
    let code = match measure().await {
        Ok(()) => 0,
        Err(error) => {
            eprintln!("error: {error:#}");
            1
        }
    };
    exit_at_once(code);
}

async fn measure() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let data_dir = folder.path().to_owned();
    let embedded = Embedded { data_dir, library: None, database: DEFAULT_DATABASE.to_owned() };
    let connection = open(&Target::Embedded(embedded), RetryPolicy::default(), Instant::now()).await?;
    let queries: Vec<&str> = include_str!("../../tests/data/analyst.sql").split("\n\n").skip(1).collect();
    let mut times = Vec::new();
    for round in 0..=ROUNDS {
        for query in &queries {
            let started = Instant::now();
            guard::check(&connection.db, query, &Scope::All).await?;
            // The first round warms up.
            if round > 0 {
                times.push(started.elapsed());
            }
        }
    }
    times.sort();
    let share = |percent: usize| times[times.len() * percent / 100];
    println!("| checks | p50 | p95 | p99 |\n|--:|--:|--:|--:|");
    let milliseconds = |time: Duration| format!("{:.2} ms", time.as_secs_f64() * 1000.0);
    let cells = [50, 95, 99].map(|percent| milliseconds(share(percent)));
    println!("| {} | {} |", times.len(), cells.join(" | "));
    ensure!(share(95) <= BAR, "p95 is above {}", milliseconds(BAR));
    Ok(())
}
