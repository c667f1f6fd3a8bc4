//! Runs that break at every step, in every way: readers see old or new, and the next run heals.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use aiviews::db::Db;
use aiviews::db::failpoint::Step;
use rustix::process::Signal;
use tokio::sync::OnceCell;

use crate::child::{Ended, Place, Running};
use crate::generations::{DAYS, Shown, fill, leftovers, make_sources, shown, states};

/// One table of each kind: daily, without trends, weekly.
pub const TABLES: [&str; 3] = ["campaign_ai_summary", "segment_ai_trends", "campaign_weekly_rollup"];

type State = BTreeMap<(String, String), Shown>;

/// Where to break: the step and the turns that the walk takes of it, with three tables and two accounts.
const TURNS: [(Step, &[u32]); 15] = [
    (Step::Lock, &[1]),
    (Step::Beat, &[1]),
    (Step::Preflight, &[1]),
    (Step::RemoveLeftBehind, &[1]),
    (Step::ListAccounts, &[1]),
    (Step::Snapshot, &[1]),
    (Step::MakeStaging, &[1, 3]),
    (Step::Stage, &[1, 3]),
    (Step::Audit, &[1, 3]),
    (Step::LogPublishing, &[1]),
    (Step::Swap, &[1, 2, 3, 4, 5, 6]),
    (Step::Check, &[1]),
    (Step::LogResults, &[1]),
    (Step::DropStaging, &[1]),
    (Step::ReleaseLock, &[1]),
];

/// All turns in a long run, else the first of each step and every second swap.
pub fn points() -> Vec<String> {
    let is_long = std::env::var_os("AIVIEWS_TEST_LONG").is_some();
    let is_taken =
        |step: Step, turn: u32| is_long || turn == 1 || (step == Step::Swap && turn.is_multiple_of(2));
    let mut points = Vec::new();
    for (step, turns) in TURNS {
        let taken = turns.iter().filter(|turn| is_taken(step, **turn));
        points.extend(taken.map(|turn| format!("{}:{turn}", step.word())));
    }
    points
}

#[test]
fn every_step_is_walked() {
    // The outlook is walked by `outlook::populate_forecasts_and_fails_no_refresh_by_it`.
    let elsewhere = |step: &Step| Step::OF_ALERTS.contains(step) || *step == Step::Outlook;
    for step in Step::ALL.iter().filter(|step| !elsewhere(step)) {
        assert!(TURNS.iter().any(|(walked, _)| walked == step), "{step:?} is not walked");
    }
}

/// The arguments of a refresh of these tests.
pub fn populate() -> Vec<String> {
    let mut arguments = vec!["populate".to_owned(), "--days".to_owned(), DAYS.to_string()];
    arguments.extend(TABLES.iter().flat_map(|table| ["--table".to_owned(), (*table).to_owned()]));
    arguments
}

/// Tables in a state that is known, with a source that alternates between two generations.
#[derive(Clone)]
pub struct World {
    pub place: Arc<Place>,
    accounts: Vec<String>,
    arguments: Vec<String>,
    /// What each generation looks like when a clean run has published it.
    clean: [State; 2],
    generation: usize,
}

impl World {
    /// A copy of a world that is made once for each number of accounts.
    pub async fn new(accounts: usize) -> World {
        static MADE: OnceCell<World> = OnceCell::const_new();
        static MADE_OF_ONE: OnceCell<World> = OnceCell::const_new();
        static MADE_OF_EIGHT: OnceCell<World> = OnceCell::const_new();
        let made = match accounts {
            1 => &MADE_OF_ONE,
            2 => &MADE,
            8 => &MADE_OF_EIGHT,
            _ => panic!("no test has {accounts} accounts"),
        };
        let made = made.get_or_init(|| World::make(accounts)).await;
        World { place: Arc::new(made.place.copy()), ..made.clone() }
    }

    async fn make(accounts: usize) -> World {
        let accounts: Vec<String> = (0..accounts).map(|number| format!("acc{number}")).collect();
        let (place, arguments) = (Arc::new(Place::lasting()), populate());
        let mut world = World { place, accounts, arguments, clean: Default::default(), generation: 0 };
        let serve = world.place.serve();
        let db = serve.db().await;
        make_sources(&db).await;
        world.place.run(&["migrate", "-q"]).expect(0);
        world.fill(&db).await;
        let mut all = populate();
        all[2] = "20".to_owned();
        world.place.run(&all.iter().map(String::as_str).collect::<Vec<_>>()).expect(0);
        for generation in [1, 0] {
            world.generation = generation;
            world.fill(&db).await;
            world.populate().expect(0);
            world.clean[generation] = shown(&db, &TABLES).await;
        }
        assert_eq!(world.clean[0].len(), TABLES.len() * world.accounts.len());
        for (key, shown) in &world.clean[0] {
            assert_ne!(shown.window, world.clean[1][key].window, "{key:?}: the generations must differ");
            assert_eq!(shown.history, world.clean[1][key].history, "{key:?}: history must stay");
            assert!(!shown.history.starts_with("0 "), "{key:?}: there must be history");
        }
        world
    }

    pub fn arguments(&self) -> Vec<&str> {
        self.arguments.iter().map(String::as_str).collect()
    }

    pub fn populate(&self) -> Ended {
        self.place.run(&self.arguments())
    }

    async fn fill(&self, db: &Db) {
        let accounts: Vec<&str> = self.accounts.iter().map(String::as_str).collect();
        fill(db, &accounts, self.generation as u32 + 1).await;
    }

    /// The sources change to the other generation.
    pub async fn turn(&mut self, db: &Db) {
        self.generation = 1 - self.generation;
        self.fill(db).await;
    }

    pub fn new_state(&self) -> &State {
        &self.clean[self.generation]
    }

    /// Every table of every account is whole: old or new. Returns how many are new.
    pub async fn assert_whole(&self, db: &Db, what: &str) -> usize {
        let found = shown(db, &TABLES).await;
        let (new, old) = (self.new_state(), &self.clean[1 - self.generation]);
        assert_eq!(found.len(), new.len(), "{what}");
        for (key, shown) in &found {
            assert!(
                *shown == new[key] || *shown == old[key],
                "{what}: {key:?} is neither old nor new: {shown:?}"
            );
        }
        let states = states(db).await;
        for (key, shown) in &found {
            let reported = states.get(key).is_some_and(|state| state == "published");
            // A run that was not reached has the state of the run before, which published the old rows.
            let is_new = *shown == new[key];
            assert!(
                reported || !is_new || states[key] == "publishing",
                "{what}: {key:?} is new but {}",
                states[key]
            );
        }
        found.iter().filter(|(key, shown)| **shown == new[*key]).count()
    }

    /// The next run makes what a clean one makes, and leaves nothing behind.
    pub async fn assert_heals(&self, db: &Db, what: &str) {
        let ended = self.populate();
        assert_eq!(ended.code, Some(0), "{what}: {}", ended.stderr);
        assert_eq!(shown(db, &TABLES).await, *self.new_state(), "{what}");
        assert_eq!(leftovers(db).await, Vec::<Vec<String>>::new(), "{what}");
        let states = states(db).await;
        assert!(states.values().all(|state| state == "published"), "{what}: {states:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn kills_at_every_step() {
    let mut world = World::new(2).await;
    // The engine that looks at what one run left also turns the sources for the next one: starting it is the dear part.
    let serve = world.place.serve();
    world.turn(&serve.db().await).await;
    drop(serve);
    let is_long = std::env::var_os("AIVIEWS_TEST_LONG").is_some();
    for point in points() {
        // Nothing happens between the end of one step and the start of the next: only swaps have an end of their own.
        let is_both = is_long || point.starts_with(Step::Swap.word());
        for mode in if is_both { &["kill-before", "kill-after"][..] } else { &["kill-before"] } {
            let fault = format!("{point}={mode}");
            let ended = world.place.run_with_fault(&fault, &world.arguments());
            assert_eq!(ended.code, None, "{fault} must kill: {}", ended.stderr);
            let serve = world.place.serve();
            let db = serve.db().await;
            world.assert_whole(&db, &fault).await;
            world.assert_heals(&db, &fault).await;
            world.turn(&db).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn working_tables_that_stay_do_not_reach_the_next_batch() {
    let mut world = World::new(2).await;
    let serve = world.place.serve();
    let db = serve.db().await;
    world.turn(&db).await;
    let mut arguments = world.arguments();
    arguments.extend(["--batch-accounts", "1"]);
    let ended = world.place.run_with_fault("drop-staging:1=error-before", &arguments);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stderr.contains("working tables stay for now"), "{}", ended.stderr);
    assert_eq!(shown(&db, &TABLES).await, *world.new_state());
    assert_eq!(leftovers(&db).await, Vec::<Vec<String>>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_at_every_step() {
    let mut world = World::new(2).await;
    let serve = world.place.serve();
    let db = serve.db().await;
    for point in points() {
        for mode in ["error-before", "error-after"] {
            let fault = format!("{point}={mode}");
            world.turn(&db).await;
            let ended = world.place.run_with_fault(&fault, &world.arguments());
            // A staging table that stays is a warning: the next run removes it.
            let expected = if point.starts_with("drop-staging") { 0 } else { 5 };
            assert_eq!(ended.code, Some(expected), "{fault}: {}", ended.stderr);
            world.assert_whole(&db, &fault).await;
            world.assert_heals(&db, &fault).await;
        }
    }
}

/// SIGKILL at a moment that nobody chose, from the first swap on.
#[tokio::test(flavor = "multi_thread")]
async fn random_kills_while_publishing() {
    let rounds = if std::env::var_os("AIVIEWS_TEST_LONG").is_some() { 220 } else { 15 };
    let mut world = World::new(8).await;
    let mut arguments = world.arguments.clone();
    arguments.push("-v".to_owned());
    let mut middle = 0;
    let serve = world.place.serve();
    world.turn(&serve.db().await).await;
    drop(serve);
    for round in 0..rounds {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let running = world.place.start_until("", &arguments, "publishing account");
        // A low-discrepancy sequence covers the phase better than chance.
        let fraction = (f64::from(round) * 0.618_034).fract();
        std::thread::sleep(Duration::from_micros((fraction * 120_000.0) as u64));
        running.signal(Signal::KILL);
        running.end();
        let what = format!("kill {round}");
        let serve = world.place.serve();
        let db = serve.db().await;
        // Opening the folder has left one generation of each table, where the kill had left both.
        let new = world.assert_whole(&db, &what).await;
        middle += usize::from(new > 0 && new < world.new_state().len());
        world.assert_heals(&db, &what).await;
        world.turn(&db).await;
    }
    println!("{rounds} kills: {middle} with old and new tables");
    assert!(middle * 10 > rounds as usize, "too few kills hit the phase");
}

/// Nobody has to read the log to learn that a run died while it published.
#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_died_while_publishing_is_told() {
    let mut world = World::new(2).await;
    let serve = world.place.serve();
    let db = serve.db().await;
    world.place.run(&["populate", "--days", "7"]).expect(0);
    world.place.run(&["verify"]).expect(0);
    world.place.run(&["status"]).expect(0);
    world.turn(&db).await;
    let running = paused(&world, "swap:2=pause-before", &world.arguments());
    world.place.run(&["status"]).expect(0);
    running.signal(Signal::KILL);
    running.end();
    let status = world.place.run(&["status"]).expect(9);
    assert!(status.stdout.contains("broken off while publishing"), "{}", status.stdout);
    assert!(status.stdout.contains("acc0: campaign_ai_summary, "), "{}", status.stdout);
    let verify = world.place.run(&["verify"]).expect(6);
    for part in ["account `acc0` as run", "left it while publishing", "run `aiviews populate`"] {
        assert!(verify.stdout.contains(part), "{part}: {}", verify.stdout);
    }
    // What is redone is just this.
    let mut resume = world.arguments();
    resume.push("--resume");
    world.place.run(&resume).expect(0);
    assert_eq!(shown(&db, &TABLES).await, *world.new_state());
    world.place.run(&["verify"]).expect(0);
    world.place.run(&["status"]).expect(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn signals_at_every_step() {
    let mut world = World::new(2).await;
    let serve = world.place.serve();
    let db = serve.db().await;
    let places: Vec<String> = TURNS
        .iter()
        .filter(|(step, _)| *step != Step::Lock && *step != Step::Beat)
        .map(|(step, turns)| format!("{}:{}", step.word(), turns.len().div_ceil(2)))
        .collect();
    for (index, place) in places.iter().enumerate() {
        let (signal, code) = if index % 2 == 0 { (Signal::INT, 130) } else { (Signal::TERM, 143) };
        {
            let mode = if index % 4 < 2 { "pause-before" } else { "pause-after" };
            let fault = format!("{place}={mode}");
            world.turn(&db).await;
            let running = world.place.start_until(&fault, &world.arguments(), "pausing");
            running.signal(signal);
            let ended = running.end_within(Duration::from_secs(20));
            assert_eq!(ended.code, Some(code), "{fault}: {}", ended.stderr);
            assert_eq!(leftovers(&db).await, Vec::<Vec<String>>::new(), "{fault}: the target must be clean");
            let states = states(&db).await;
            assert!(!states.values().any(|state| state == "publishing"), "{fault}: {states:?}");
            world.assert_whole(&db, &fault).await;
            world.assert_heals(&db, &fault).await;
        }
    }
}

/// A process paused at a step.
pub fn paused(world: &World, fault: &str, arguments: &[&str]) -> Running {
    world.place.start_until(fault, arguments, "pausing")
}
