//! Two runs at once: one waits or leaves with exit code 4, and the end is what one of them alone would have made.

use std::time::Duration;

use rustix::process::Signal;

use crate::faults::{World, paused};
use crate::generations::{leftovers, shown};
use crate::support::{execute, rows};

const LIMIT: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread")]
async fn the_second_run_leaves_or_waits() {
    let mut world = World::new(2).await;
    let serve = world.place.serve();
    let db = serve.db().await;
    world.turn(&db).await;
    let first = paused(&world, "swap:2=pause-before", &world.arguments());

    let second = world.populate().expect(4);
    for part in ["another run holds the lock", "process", "since", "--wait"] {
        assert!(second.stderr.contains(part), "`{part}` is not in {}", second.stderr);
    }
    let mut waiting = world.arguments();
    waiting.extend(["--wait", "60s", "-v"]);
    let command = world.place.command(&waiting).spawn().expect("aiviews starts");
    std::thread::sleep(Duration::from_millis(700));
    first.signal(Signal::USR1);
    first.end_within(LIMIT).expect(0);
    let waited = command.wait_with_output().expect("an end");
    assert_eq!(waited.status.code(), Some(0), "{}", String::from_utf8_lossy(&waited.stderr));
    world.assert_heals(&db, "two runs").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_on_one_folder() {
    let world = World::new(1).await;
    let first = paused(&world, "swap:1=pause-before", &world.arguments());
    let second = world.populate().expect(4);
    assert!(second.stderr.contains("hint:"), "{}", second.stderr);
    first.signal(Signal::USR1);
    first.end_within(LIMIT).expect(0);
    world.populate().expect(0);
}

/// All and one, the same account twice, a larger and a smaller window, without a word of order between them.
#[tokio::test(flavor = "multi_thread")]
async fn runs_at_once_end_like_one_alone() {
    let mut world = World::new(2).await;
    let serve = world.place.serve();
    let db = serve.db().await;
    let pairs: [[&[&str]; 2]; 3] = [
        [&[], &["--klaviyo-id", "acc1"]],
        [&["--klaviyo-id", "acc0"], &["--klaviyo-id", "acc0"]],
        [&[], &["--batch-accounts", "1"]],
    ];
    for pair in pairs {
        world.turn(&db).await;
        world.populate().expect(0);
        let children: Vec<_> = pair
            .iter()
            .map(|more| {
                let mut arguments = world.arguments();
                arguments.extend(*more);
                arguments.extend(["--wait", "60s"]);
                world.place.command(&arguments).spawn().expect("aiviews starts")
            })
            .collect();
        for child in children {
            assert_eq!(child.wait_with_output().expect("an end").status.code(), Some(0), "{pair:?}");
        }
        assert_eq!(world.assert_whole(&db, "at once").await, world.new_state().len(), "{pair:?}");
        assert!(leftovers(&db).await.is_empty());
    }
    // A larger window is not undone by a smaller one that ends later.
    world.turn(&db).await;
    let mut larger = world.arguments();
    larger[2] = "20";
    world.place.run(&larger).expect(0);
    let wide = shown(&db, &["campaign_ai_summary"]).await;
    world.populate().expect(0);
    assert_eq!(shown(&db, &["campaign_ai_summary"]).await, wide);
}

/// Makes a lock of a run on another host, whose last sign of life is so many seconds old.
async fn foreign_lock(db: &aiviews::db::Db, silent_seconds: u32) {
    let owner = r#"{"run_id":"elsewhere","host":"other-host","process_id":7,"lock_file":"/x"}"#;
    execute(db, "DROP TABLE IF EXISTS ai_refresh_lock SYNC").await;
    execute(
        db,
        format!(
            "CREATE TABLE ai_refresh_lock (beat_at DateTime DEFAULT now(), run_id String) ENGINE = MergeTree \
             ORDER BY beat_at COMMENT 'Lock of the run {owner}'"
        ),
    )
    .await;
    execute(db, format!("INSERT INTO ai_refresh_lock SELECT now() - {silent_seconds}, 'elsewhere'")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_lock_of_another_host_is_taken_over() {
    let world = World::new(1).await;
    let serve = world.place.serve();
    let db = serve.db().await;
    foreign_lock(&db, 590).await;
    let refused = world.populate().expect(4);
    assert!(refused.stderr.contains("run elsewhere, process 7 on other-host, since "), "{}", refused.stderr);
    foreign_lock(&db, 620).await;
    let taken = world.populate().expect(0);
    assert!(taken.stderr.contains("taking over the lock"), "{}", taken.stderr);
    assert!(leftovers(&db).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_lock_stops_the_run_before_its_next_swap() {
    let mut world = World::new(2).await;
    let serve = world.place.serve();
    let db = serve.db().await;
    world.turn(&db).await;
    let running = paused(&world, "swap:2=pause-before", &world.arguments());
    foreign_lock(&db, 0).await;
    std::thread::sleep(Duration::from_millis(1200));
    running.signal(Signal::USR1);
    let ended = running.end_within(LIMIT).expect(4);
    assert!(ended.stderr.contains("the lock was lost to run elsewhere"), "{}", ended.stderr);
    assert_eq!(world.assert_whole(&db, "lost lock").await, 1, "only the first swap may have happened");
    let lock = rows(&db, "SELECT comment FROM system.tables WHERE name = 'ai_refresh_lock'").await;
    assert!(lock[0][0].contains("elsewhere"), "the other run keeps its lock: {lock:?}");
    foreign_lock(&db, 700).await;
    world.assert_heals(&db, "after a lost lock").await;
}

/// The run that takes over removes the staging tables first: a run that sleeps through that cannot swap any more.
#[tokio::test(flavor = "multi_thread")]
async fn a_run_without_its_staging_tables_cannot_swap() {
    let mut world = World::new(2).await;
    let serve = world.place.serve();
    let db = serve.db().await;
    world.turn(&db).await;
    let running = paused(&world, "swap:2=pause-before", &world.arguments());
    for name in leftovers(&db).await.into_iter().flatten() {
        execute(&db, format!("DROP TABLE {name} SYNC")).await;
    }
    running.signal(Signal::USR1);
    let ended = running.end_within(LIMIT).expect(4);
    assert!(ended.stderr.contains("the lock was lost"), "{}", ended.stderr);
    assert_eq!(world.assert_whole(&db, "no staging").await, 1);
    world.assert_heals(&db, "after lost staging").await;
}
