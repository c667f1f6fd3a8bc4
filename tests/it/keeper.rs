//! The lock of several servers. With `AIVIEWS_TEST_KEEPER` (host:port of a ClickHouse Keeper or ZooKeeper) the engine has
//! KeeperMap, and the lock is a key of it; without, the same servers have a table for it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use aiviews::db::{self, Db};
use aiviews::exit::ExitCode;
use aiviews::exit::stop::Stop;
use aiviews::{lock, sql};

use crate::cluster::{ONE_FOR_ALL, member, refresh, tables};
use crate::proxy::world;
use crate::support::{self, KEEPER, execute, rows};
use crate::wire::{Break, Proxy};

fn has_keeper() -> bool {
    std::env::var_os(KEEPER).is_some()
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_runs_that_want_the_lock_one_at_a_time_has_it() {
    let engine = support::database("keeper_many").await;
    let proxy = Proxy::start().await;
    proxy.rewrites(&ONE_FOR_ALL);
    let db = member(&proxy, engine.database()).await;
    let (working, most, done) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
    let runs = (0..6).map(|number| {
        let counters = (&working, &most, &done);
        // Another name of the target: a lock file of its own, as on another machine.
        let db = db.named(&format!("machine {number}")).with_run_id(&format!("run_{number}"));
        async move {
            let (_sender, stop) = Stop::by_hand();
            for _ in 0..3 {
                let (working, most, done) = counters;
                let work = async {
                    most.fetch_max(working.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    tokio::time::sleep(Duration::from_millis(5)).await;
                    working.fetch_sub(1, Ordering::SeqCst);
                    Ok(())
                };
                let deadline = Instant::now() + Duration::from_secs(120);
                let held = lock::hold(&db, deadline, &stop, work).await.expect("the lock");
                held.released.expect("given back");
                done.fetch_add(1, Ordering::SeqCst);
            }
        }
    });
    futures_util::future::join_all(runs).await;
    assert_eq!((most.load(Ordering::SeqCst), done.load(Ordering::SeqCst)), (1, 18));
    let is_key = tables(&engine, "ai_refresh_keeper_lock").await.len() == 1;
    assert_eq!(is_key, has_keeper());
    assert!(tables(&engine, "ai_refresh_lock").await.is_empty());
    if is_key {
        assert!(rows(&engine, "SELECT * FROM ai_refresh_keeper_lock").await.is_empty());
        execute(&engine, "DROP TABLE ai_refresh_keeper_lock SYNC").await;
    }
    support::drop_database(&engine).await;
}

const OWNER: &str = r#"{"run_id":"elsewhere","host":"other-host","process_id":7,"lock_file":"/x"}"#;

/// Puts the lock of a run on another host there, whose last sign of life is so many seconds old.
async fn foreign_lock(engine: &Db, silent_seconds: u32) {
    if !has_keeper() {
        execute(engine, "DROP TABLE IF EXISTS ai_refresh_lock SYNC").await;
        let comment = format!("Lock of the run {OWNER}");
        let made = engine.statement(&sql::REFRESH_LOCK).literal("comment", &comment).execute().await;
        made.expect("a lock");
        let sign = format!("INSERT INTO ai_refresh_lock (beat_at) SELECT now() - {silent_seconds}");
        return execute(engine, sign).await;
    }
    let key = format!(
        "INSERT INTO ai_refresh_keeper_lock SELECT 'run', 'elsewhere', '{OWNER}', now(), now() - {silent_seconds}"
    );
    execute(engine, key).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_of_another_machine_is_respected_until_its_run_is_silent() {
    let (engine, proxy) = world("keeper").await;
    proxy.rewrites(&ONE_FOR_ALL);
    let db = member(&proxy, engine.database()).await;
    // A run makes the table of keys.
    assert_eq!(refresh(&db).await.expect("nobody has it").published, 2);
    foreign_lock(&engine, 590).await;
    let error = refresh(&db).await.expect_err("held");
    assert_eq!(db::exit_code_of(&error), ExitCode::LockHeld, "{error:#}");
    assert!(format!("{error:#}").contains("run elsewhere, process 7 on other-host, since "), "{error:#}");
    foreign_lock(&engine, 620).await;
    assert_eq!(refresh(&db).await.expect("taken over").published, 2);
    // The answer to the statement that takes it is lost: the lock is ours all the same.
    let taking =
        if has_keeper() { "INSERT INTO ai_refresh_keeper_lock" } else { "CREATE TABLE ai_refresh_lock" };
    proxy.breaks(taking, Break::ResetAfter, 1);
    assert_eq!(refresh(&db).await.expect("ours").published, 2);
    assert_eq!(proxy.broken(), 1);
    let left = tables(&engine, "ai_refresh_lock").await;
    assert!(left.is_empty(), "{left:?}");
    if has_keeper() {
        assert!(rows(&engine, "SELECT * FROM ai_refresh_keeper_lock").await.is_empty());
        execute(&engine, "DROP TABLE ai_refresh_keeper_lock SYNC").await;
    }
    support::drop_database(&engine).await;
}
