//! Ctrl-C and SIGTERM: what ends at once, what is waited for, and what is left behind.

use std::time::Duration;

use rustix::process::Signal;

use crate::child::{Place, Running, TOKEN};
use crate::generations::{fill, leftovers, shown};
use crate::proxy::world;
use crate::support::{self, rows};
use crate::wire::{Break, Proxy};

const LIMIT: Duration = Duration::from_secs(20);

async fn until(what: &str, condition: impl AsyncFn() -> bool) {
    let started = std::time::Instant::now();
    while !condition().await {
        assert!(started.elapsed() < Duration::from_secs(60), "it never came to {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// A place whose programs go through the proxy.
fn place(proxy: &Proxy, database: &str) -> Place {
    Place::new()
        .with("CLICKHOUSE_URL", &proxy.url)
        .with("CLICKHOUSE_PASSWORD", TOKEN)
        .with("CLICKHOUSE_DATABASE", database)
}

fn start(place: &Place, arguments: &[&str]) -> Running {
    Running::new(place.command(arguments).spawn().expect("aiviews starts"))
}

const POPULATE: [&str; 6] = ["populate", "--days", "7", "--table", "segment_ai_trends", "-v"];

/// As supervisors do, who send two signals at once. Killed inside a swap, a server can show both generations.
#[tokio::test(flavor = "multi_thread")]
async fn a_second_signal_waits_for_the_swap_in_flight() {
    let (db, proxy) = world("signals_swap").await;
    let place = place(&proxy, db.database());
    proxy.breaks("REPLACE PARTITION", Break::Late, 1);
    let running = start(&place, &POPULATE);
    until("a break", async || proxy.broken() == 1).await;
    running.signal(Signal::TERM);
    tokio::time::sleep(Duration::from_millis(50)).await;
    running.signal(Signal::TERM);
    let ended = running.end_within(LIMIT).expect(143);
    assert_eq!(proxy.passed(), 1, "the swap was not waited for: {}", ended.stderr);
    // Nothing else was done: the staging tables and the lock are the next run's to remove.
    assert!(leftovers(&db).await.len() > 1);
    place.run(&POPULATE).expect(0);
    assert_eq!(leftovers(&db).await, Vec::<Vec<String>>::new());

    // But not for ever.
    proxy.breaks("REPLACE PARTITION", Break::Stall, 1);
    let running = start(&place, &POPULATE);
    until("a break", async || proxy.broken() == 1).await;
    running.signal(Signal::INT);
    tokio::time::sleep(Duration::from_millis(50)).await;
    running.signal(Signal::INT);
    let ended = running.end_within(LIMIT).expect(130);
    assert!(ended.stderr.contains("once more to stop at once"), "{}", ended.stderr);
    place.run(&POPULATE).expect(0);
    support::drop_database(&db).await;
}

/// In the middle of a statement that is never answered, and of the very first one.
#[tokio::test(flavor = "multi_thread")]
async fn every_verb_is_interrupted_at_once() {
    let (db, proxy) = world("signals_verbs").await;
    fill(&db, &["acc0"], 1).await;
    let place = place(&proxy, db.database());
    let cases: [(&str, &[&str]); 8] = [
        ("system.settings", &["query", "campaigns_this_week", "--klaviyo-id", "acc0"]),
        ("campaign_ai_summary", &["query", "campaigns_this_week", "--klaviyo-id", "acc0"]),
        ("klaviyo_public_id", &["context", "--klaviyo-id", "acc0"]),
        ("ai_refresh_log", &["status"]),
        ("system.columns", &["verify"]),
        ("system.columns", &["migrate"]),
        ("system.columns", &["populate"]),
        ("ai_refresh_lock", &["forget", "--klaviyo-id", "acc0", "--yes"]),
    ];
    let before = shown(&db, &["segment_ai_trends"]).await;
    for (index, (text, arguments)) in cases.into_iter().enumerate() {
        proxy.breaks(text, Break::Stall, 1);
        let running = start(&place, arguments);
        until(&format!("{arguments:?}"), async || proxy.broken() == 1).await;
        let (signal, code) = if index % 2 == 0 { (Signal::INT, 130) } else { (Signal::TERM, 143) };
        running.signal(signal);
        let ended = running.end_within(LIMIT).expect(code);
        assert!(ended.stdout.is_empty(), "{arguments:?}: {}", ended.stdout);
        assert_eq!(leftovers(&db).await, Vec::<Vec<String>>::new(), "{arguments:?}");
    }
    assert_eq!(shown(&db, &["segment_ai_trends"]).await, before);
    support::drop_database(&db).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_seed_leaves_nothing() {
    let db = support::database("signals_seed").await;
    let proxy = Proxy::start().await;
    let place = place(&proxy, db.database());
    for statement in ["INSERT INTO flow_statistics", "INSERT INTO segment_statistics"] {
        proxy.breaks(statement, Break::Stall, 1);
        let running = start(&place, &["seed", "--accounts", "2", "--days", "10"]);
        until("a break", async || proxy.broken() == 1).await;
        running.signal(Signal::INT);
        let ended = running.end_within(LIMIT).expect(130);
        assert!(ended.stderr.contains("the half-made sources are removed"), "{}", ended.stderr);
        let left = rows(&db, "SELECT name FROM system.tables WHERE database = currentDatabase()").await;
        assert_eq!(left, Vec::<Vec<String>>::new());
    }
    place.run(&["seed", "--accounts", "2", "--days", "10"]).expect(0);
    support::drop_database(&db).await;
}

/// Clients that ask do not keep a server that is to go.
#[tokio::test(flavor = "multi_thread")]
async fn serve_ends_with_statements_running() {
    let place = Place::new();
    let serve = place.serve();
    let db = serve.db().await;
    let asking = tokio::spawn({
        let db = db.clone();
        async move {
            let sleeping =
                support::sql("SELECT sleepEachRow(1) FROM numbers(60) SETTINGS max_block_size = 1");
            db.statement(&sleeping).once().execute().await
        }
    });
    let running = "SELECT count() FROM system.processes WHERE query LIKE 'SELECT sleepEachRow%'";
    until("a statement", async || rows(&db, running).await == [["1"]]).await;
    assert_eq!(serve.end_by(Signal::TERM, LIMIT), Some(143));
    assert!(asking.await.expect("no panic").is_err());
}
