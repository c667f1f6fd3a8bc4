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

/// A folder in use is waited for: some seconds in any case, and as long as a verb is told to.
#[tokio::test(flavor = "multi_thread")]
async fn two_processes_on_one_folder() {
    let world = World::new(1).await;
    let first = paused(&world, "swap:1=pause-before", &world.arguments());
    let waiting = |arguments: &[&str]| world.place.start_until("", arguments, "waiting for process");
    let mut patient = world.arguments();
    patient.extend(["--wait", "60s"]);
    let (patient, migration) = (waiting(&patient), waiting(&["migrate", "--wait", "60s"]));
    let second = world.populate().expect(4);
    assert!(second.stderr.contains("hint:"), "{}", second.stderr);
    let question = waiting(&["status"]);
    first.signal(Signal::USR1);
    for ended in [first, patient, migration] {
        ended.end_within(LIMIT).expect(0);
    }
    // Four of the seven tables were never refreshed: that is stale.
    question.end_within(LIMIT).expect(9);
}

/// Two containers may have one host name and see different files at one path.
#[tokio::test(flavor = "multi_thread")]
async fn a_host_name_and_a_path_do_not_prove_a_run_dead() {
    let mut world = World::new(1).await;
    let serve = world.place.serve();
    let db = serve.db().await;
    world.turn(&db).await;
    let first = paused(&world, "swap:2=pause-before", &world.arguments());
    let file = world.place.lock_file();
    let elsewhere = file.with_extension("elsewhere");
    std::fs::rename(&file, &elsewhere).expect("renamed");
    let second = world.populate().expect(4);
    assert!(second.stderr.contains("another run holds the lock: run "), "{}", second.stderr);
    first.signal(Signal::KILL);
    first.end();
    world.populate().expect(4);
    // With its own file back, a dead run is known as such.
    std::fs::rename(&elsewhere, &file).expect("renamed");
    world.assert_heals(&db, "the file of the dead run").await;
}

/// The lock of a run that was killed while it took over another one's is recognised too.
#[tokio::test(flavor = "multi_thread")]
async fn a_run_killed_while_it_takes_over_hides_nothing() {
    let world = World::new(1).await;
    let serve = world.place.serve();
    let db = serve.db().await;
    for fault in ["beat:1=kill-after", "lock:1=kill-before", "lock:2=kill-after", "preflight:1=kill-before"] {
        let ended = world.place.run_with_fault(fault, &world.arguments());
        assert_eq!(ended.code, None, "{fault}: {}", ended.stderr);
    }
    world.assert_heals(&db, "killed while taking over").await;
}

/// Whoever opens the folder of an embedded engine knows that the run before is gone, whatever the folder's path.
#[tokio::test(flavor = "multi_thread")]
async fn a_moved_folder_keeps_no_lock() {
    let world = World::new(1).await;
    let ended = world.place.run_with_fault("swap:1=kill-before", &world.arguments());
    assert_eq!(ended.code, None, "{}", ended.stderr);
    let moved = world.place.path("moved");
    std::fs::rename(world.place.path("data"), &moved).expect("moved");
    let mut arguments = world.arguments();
    arguments.extend(["--data-dir", moved.to_str().expect("UTF-8")]);
    let ended = world.place.run(&arguments).expect(0);
    assert!(ended.stderr.contains("taking over the lock"), "{}", ended.stderr);
}

/// For ten minutes a lock without an owner would keep all other hosts away.
#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_cannot_begin_gives_the_lock_back() {
    let world = World::new(1).await;
    let serve = world.place.serve();
    let db = serve.db().await;
    for fault in ["lock:1=error-after", "beat:1=error-before", "beat:1=error-after"] {
        world.place.run_with_fault(fault, &world.arguments()).expect(5);
        assert_eq!(leftovers(&db).await, Vec::<Vec<String>>::new(), "{fault}");
    }
}

/// After a power cut the signs of life of a dead run may be unreadable.
#[tokio::test(flavor = "multi_thread")]
async fn a_lock_whose_rows_cannot_be_read_is_judged_by_the_age_of_its_files() {
    let world = World::new(1).await;
    let mut serve = world.place.serve();
    for (age, code) in [("1 minute ago", 4), ("1 hour ago", 0)] {
        let db = serve.db().await;
        foreign_lock(&db, 0).await;
        let parts = "SELECT path FROM system.parts WHERE table = 'ai_refresh_lock' AND active";
        let part = rows(&db, parts).await.remove(0).remove(0);
        drop(serve);
        for name in ["data.bin", "primary.cidx"] {
            let file = std::path::Path::new(&part).join(name);
            let length = std::fs::metadata(&file).expect("a file of the part").len() as usize;
            std::fs::write(&file, vec![b'x'; length]).expect("written");
        }
        let touched = std::process::Command::new("touch").args(["-d", age, &part]).status();
        assert!(touched.expect("touch starts").success());
        serve = world.place.serve();
        let ended = world.populate().expect(code);
        assert!(ended.stderr.contains("the signs of life of the lock cannot be read"), "{}", ended.stderr);
    }
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
