//! A server that starts again in the middle of a run: what was in its memory is gone, and nobody may take that for data.

use std::time::Duration;

use rustix::process::Signal;

use crate::faults::{World, paused, points};
use crate::generations::{leftovers, shown};

const LIMIT: Duration = Duration::from_secs(60);

/// Where a restart costs most: the copies are taken, tables are filled from them, judged, and half swapped.
const WORST: [&str; 4] = ["make-staging:1", "stage:3", "audit:3", "swap:2"];

/// By turns like a crash and as a supervisor does it, sources that may shrink and that may not.
fn restarts() -> Vec<(String, Signal, bool)> {
    let is_long = std::env::var_os("AIVIEWS_TEST_LONG").is_some();
    let places: Vec<String> = match is_long {
        true => points(),
        false => WORST.map(str::to_owned).into(),
    };
    let modes: &[&str] = if is_long { &["pause-before", "pause-after"] } else { &["pause-before"] };
    let faults = places.iter().flat_map(|place| modes.iter().map(move |mode| format!("{place}={mode}")));
    let signals = [Signal::KILL, Signal::TERM];
    faults.enumerate().map(|(turn, fault)| (fault, signals[turn % 2], turn % 4 < 2)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_of_the_server_never_publishes_what_its_memory_lost() {
    let mut world = World::new(2).await;
    let mut serve = world.place.serve();
    for (fault, signal, may_shrink) in restarts() {
        world.turn(&serve.db().await).await;
        let mut arguments = world.arguments();
        arguments.extend(may_shrink.then_some("--allow-shrink"));
        let running = paused(&world, &fault, &arguments);
        serve = serve.restart(&world.place, signal);
        running.signal(Signal::USR1);
        let ended = running.end_within(LIMIT).expect(0);
        let db = serve.db().await;
        let what = format!("{fault}, {signal:?}: {}", ended.stderr);
        assert_eq!(shown(&db, &crate::faults::TABLES).await, *world.new_state(), "{what}");
        assert_eq!(leftovers(&db).await, Vec::<Vec<String>>::new(), "{what}");
        world.assert_heals(&db, &fault).await;
    }
}
