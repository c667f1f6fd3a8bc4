//! Readers while the same accounts are refreshed again and again: every read is one generation of each account.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use aiviews::db::Db;
use aiviews::refresh::Options;
use aiviews::schema::{TABLES, VIEWS};

use crate::generations::{fill, make_sources};
use crate::support::{self, execute, rows};

const ACCOUNTS: [&str; 2] = ["acc0", "acc1"];

/// What is read: a name for the report, and rows of key and fingerprint. A view of two tables is read by its halves.
fn reads() -> Vec<(String, String)> {
    let select = |object: &str, half: &str, except: &str| {
        format!(
            "SELECT concat(klaviyo_public_id, ' ', toString({half})) AS who, \
             concat(toString(count()), ' ', toString(sum(cityHash64(*{except})))) FROM {object} GROUP BY who ORDER BY who"
        )
    };
    let mut reads: Vec<(String, String)> = TABLES
        .iter()
        .map(|table| (table.name.to_owned(), select(table.name, "''", " EXCEPT updated_at")))
        .collect();
    for view in VIEWS.iter() {
        let half = match view.object() {
            "ai_best_performers" => "type",
            "ai_day_of_week_patterns" => "source",
            "ai_historical_baseline" => "source_type",
            _ => "''",
        };
        // The time of the refresh is not content.
        let except = if view.object().ends_with("_recent") { " EXCEPT data_freshness" } else { "" };
        reads.push((view.object().to_owned(), select(view.object(), half, except)));
    }
    reads
}

fn options() -> Options {
    Options {
        accounts: Vec::new(),
        days: 20,
        as_of: None,
        tables: TABLES.iter().collect(),
        resume: false,
        allow_shrink: false,
        accounts_per_batch: None,
    }
}

async fn refreshed(db: &Db, generation: u32) -> u64 {
    fill(db, &ACCOUNTS, generation).await;
    let report = support::refresh(db, &options()).await.expect("a refresh");
    assert_eq!(report.published, ACCOUNTS.len() as u64, "{report:?}");
    report.publishing_ms
}

type Seen = BTreeMap<String, BTreeSet<(String, String)>>;

async fn look(db: &Db, known: &mut Seen) {
    for (name, select) in reads() {
        let all = rows(db, select).await;
        assert!(!all.is_empty(), "{name} is empty");
        known.entry(name).or_default().extend(all.into_iter().map(|row| (row[0].clone(), row[1].clone())));
    }
}

/// Merges every table whole, again and again, and the run log, whose old rows expire in a merge.
async fn merge_until(db: &Db, done: &AtomicBool) -> u32 {
    let mut merges = 0;
    while !done.load(Ordering::Relaxed) {
        for table in TABLES.iter().map(|table| table.name).chain(["ai_refresh_log"]) {
            execute(db, format!("OPTIMIZE TABLE {table} FINAL")).await;
            merges += 1;
        }
    }
    merges
}

/// Runs of the log that are older than it keeps.
async fn insert_expired_runs(db: &Db) {
    let insert = "INSERT INTO ai_refresh_log (run_id, klaviyo_public_id, table_name, state, started_at) \
                  SELECT 'expired', 'acc0', 'flow_ai_summary', 'published', now() - INTERVAL 401 DAY";
    execute(db, insert).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_read_is_one_generation() {
    let db = support::database("readers").await;
    make_sources(&db).await;
    support::migrate(&db).await;
    let mut known = Seen::new();
    for generation in [1, 2] {
        refreshed(&db, generation).await;
        look(&db, &mut known).await;
    }
    insert_expired_runs(&db).await;
    let done = AtomicBool::new(false);
    let count = AtomicUsize::new(0);
    let read = async || {
        while !done.load(Ordering::Relaxed) {
            for (name, select) in reads() {
                let read: BTreeSet<_> =
                    rows(&db, select).await.into_iter().map(|row| (row[0].clone(), row[1].clone())).collect();
                let known = &known[&name];
                assert!(read.is_subset(known), "{name} mixes generations: {read:?}, known {known:?}");
                let accounts: BTreeSet<_> = read.iter().map(|(who, _)| who).collect();
                assert_eq!(accounts.len(), read.len(), "{name}");
                count.fetch_add(1, Ordering::Relaxed);
            }
        }
    };
    let wanted = if std::env::var_os("AIVIEWS_TEST_LONG").is_some() { 20_000 } else { 1_000 };
    let refresh = async {
        let (mut refreshes, mut swapping) = (0, 0);
        while count.load(Ordering::Relaxed) < wanted {
            swapping += refreshed(&db, refreshes % 2 + 1).await;
            refreshes += 1;
        }
        done.store(true, Ordering::Relaxed);
        (refreshes, swapping)
    };
    let ((refreshes, swapping), merges, (), (), ()) =
        tokio::join!(refresh, merge_until(&db, &done), read(), read(), read());
    let expired = "SELECT count() FROM ai_refresh_log WHERE run_id = 'expired'";
    assert_eq!(rows(&db, expired).await, [["0"]], "the run log keeps 400 days");
    let gap = swapping / u64::from(refreshes) / ACCOUNTS.len() as u64;
    println!(
        "{} reads, none mixed, during {refreshes} refreshes and {merges} forced merges; {gap} ms between the first and the last table of an account",
        count.load(Ordering::Relaxed)
    );
    support::drop_database(&db).await;
}
