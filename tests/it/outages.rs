//! A server that goes, comes late, or was never there.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::child::{Place, Running, TOKEN};
use crate::faults::{World, paused};

/// For tests that say "at once" and mean it, on a machine that is busy.
const SOON: Duration = Duration::from_secs(15);

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port()
}

/// One decision for all statements: half a minute is waited, in a word a state.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_dies_in_mid_run_ends_the_run_within_a_minute() {
    let mut world = World::new(2).await;
    let serve = world.place.serve();
    world.turn(&serve.db().await).await;
    let running = paused(&world, "swap:2=pause-before", &world.arguments());
    drop(serve);
    running.signal(Signal::USR1);
    let ended = running.end_within(Duration::from_secs(60)).expect(5);
    let lines = |text: &str| ended.stderr.lines().filter(|line| line.contains(text)).count();
    // The fault point itself warns once that it pauses.
    assert_eq!(
        (lines("WARN"), lines("pausing at step"), lines("; waiting for the server")),
        (2, 1, 1),
        "{}",
        ended.stderr
    );
    assert!(ended.stderr.lines().count() < 8, "{}", ended.stderr);
    let serve = world.place.serve();
    let db = serve.db().await;
    world.assert_heals(&db, "a dead server").await;
}

#[test]
fn a_server_that_was_never_there_is_named_soon() {
    let url = format!("http://127.0.0.1:{}", free_port());
    let place = Place::new().with("CLICKHOUSE_URL", &url);
    let verbs: [&[&str]; 6] = [
        &["status"],
        &["verify"],
        &["migrate"],
        &["populate"],
        &["query", "campaigns_this_week", "--klaviyo-id", "acc0"],
        &["context", "--klaviyo-id", "acc0"],
    ];
    let started = Instant::now();
    let started_all: Vec<Running> =
        verbs.iter().map(|verb| Running::new(place.command(verb).spawn().expect("aiviews starts"))).collect();
    for running in started_all {
        let ended = running.end_within(SOON).expect(5);
        assert!(ended.stderr.contains(&url) && ended.stderr.contains("hint:"), "{}", ended.stderr);
        assert_eq!(ended.stderr.lines().count(), 2, "{}", ended.stderr);
    }
    assert!(started.elapsed() < SOON, "{:?}", started.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_told_to_wait_waits_for_its_server_too() {
    let port = free_port().to_string();
    let place = Place::new();
    let mut command = place.command(&["migrate", "--wait", "30s"]);
    command.env("CLICKHOUSE_URL", format!("http://127.0.0.1:{port}")).env("CLICKHOUSE_PASSWORD", TOKEN);
    let waiting = Running::until(command.spawn().expect("aiviews starts"), "waiting for the server");
    let _serve = place.serve_on(&port);
    let ended = waiting.end_within(Duration::from_secs(60)).expect(0);
    assert!(ended.stderr.contains("the server answers again"), "{}", ended.stderr);
}
