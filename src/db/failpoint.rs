//! Fault points: every step of a refresh, and a way to break a run at one of them on purpose.
//!
//! Inert unless `AIVIEWS_FAULT=<step>[:<n>]=<mode>` is set, such as `swap:3=kill-after`: at the third swap the
//! process ends by SIGKILL once the swap is done. For tests; nothing else may depend on it.

use std::future::Future;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::Result;
use rustix::process::{Signal, getpid, kill_process};
use tokio::signal::unix::{SignalKind, signal};

use crate::exit::{ExitCode, Failure};

/// The variable that arms a fault.
pub const VARIABLE: &str = "AIVIEWS_FAULT";

/// How long a pause lasts at most: long enough for a test to act, too short to hang a machine.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

macro_rules! steps {
    ($($(#[doc = $doc:literal])* $step:ident = $word:literal,)+) => {
        /// The steps of a refresh and of the alerts after it, in their order.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Step { $($(#[doc = $doc])* $step,)+ }

        impl Step {
            /// Every step.
            pub const ALL: &[Step] = &[$(Step::$step),+];

            /// The step as the variable names it.
            pub const fn word(self) -> &'static str {
                match self { $(Step::$step => $word,)+ }
            }
        }
    };
}

steps! {
    /// The lock table is made.
    Lock = "lock",
    /// The first sign of life is written to it.
    Beat = "beat",
    /// Schema and sources are checked. (Privileges were, before the lock was taken.)
    Preflight = "preflight",
    /// Staging tables of runs that are gone are dropped.
    RemoveLeftBehind = "remove-left-behind",
    /// Accounts are listed.
    ListAccounts = "list-accounts",
    /// A source that several tables share is copied: once per source and batch.
    Snapshot = "snapshot",
    /// A staging table is made: once per table and batch.
    MakeStaging = "make-staging",
    /// It is filled: once per table and batch.
    Stage = "stage",
    /// It is audited: once per table and batch.
    Audit = "audit",
    /// The run log says that the swaps are about to happen.
    LogPublishing = "log-publishing",
    /// A partition is swapped: once per account and table.
    Swap = "swap",
    /// The stored rows are compared with what was staged: once per batch.
    Check = "check",
    /// The run log gets the results.
    LogResults = "log-results",
    /// Snapshots and staging tables are dropped: once per batch.
    DropStaging = "drop-staging",
    /// The outlook writes: what came of past forecasts, what young days have earned, days and periods to come (once per
    /// batch of accounts), the model, anomaly events.
    Outlook = "outlook",
    /// The lock is given back.
    ReleaseLock = "release-lock",
    /// The outbox gets news, or that a message is about to be sent: once per message and more.
    AlertNote = "alert-note",
    /// A message is sent, tries included.
    AlertSend = "alert-send",
    /// The outbox gets what became of it.
    AlertRecord = "alert-record",
}

impl Step {
    /// The steps of telling people, which come after a refresh.
    pub const OF_ALERTS: [Step; 3] = [Step::AlertNote, Step::AlertSend, Step::AlertRecord];
}

/// What happens at the step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// The process is gone before the step.
    KillBefore,
    /// The process is gone right after it.
    KillAfter,
    /// The step fails without an effect.
    ErrorBefore,
    /// The step has its effect and fails for us.
    ErrorAfter,
    /// The run rests before the step.
    PauseBefore,
    /// The run rests after it.
    PauseAfter,
    /// A bug shows at the step, with words that hold a name from the data.
    Panic,
}

impl Mode {
    /// The modes with their words. `kill` and `pause` mean before.
    pub const ALL: &[(&'static str, Mode)] = &[
        ("kill-before", Mode::KillBefore),
        ("kill-after", Mode::KillAfter),
        ("error-before", Mode::ErrorBefore),
        ("error-after", Mode::ErrorAfter),
        ("pause-before", Mode::PauseBefore),
        ("pause-after", Mode::PauseAfter),
        ("panic", Mode::Panic),
        ("kill", Mode::KillBefore),
        ("pause", Mode::PauseBefore),
    ];
}

/// Which step to break, at which occurrence, and how.
struct Fault {
    step: Step,
    turn: u64,
    mode: Mode,
    seen: AtomicU64,
}

static ARMED: LazyLock<Option<Fault>> = LazyLock::new(|| parse(&std::env::var(VARIABLE).ok()?));

fn parse(text: &str) -> Option<Fault> {
    let (place, mode) = text.split_once('=')?;
    let (word, turn) = place.split_once(':').unwrap_or((place, "1"));
    let step = Step::ALL.iter().copied().find(|step| step.word() == word)?;
    let (_, mode) = Mode::ALL.iter().copied().find(|(word, _)| *word == mode)?;
    Some(Fault { step, turn: turn.parse().ok()?, mode, seen: AtomicU64::new(0) })
}

/// Does the work of a step, which an armed fault may break.
pub async fn step<T>(step: Step, work: impl Future<Output = Result<T>>) -> Result<T> {
    let Some(fault) = armed_for(step) else { return work.await };
    match fault.mode {
        Mode::KillBefore => end_at_once(),
        Mode::ErrorBefore => return Err(injected(fault)),
        Mode::PauseBefore => rest(fault).await,
        Mode::Panic => panic!("a bug at step {} of {}", fault.step.word(), fault.turn),
        Mode::KillAfter | Mode::ErrorAfter | Mode::PauseAfter => {}
    }
    let outcome = work.await?;
    match fault.mode {
        Mode::KillAfter => end_at_once(),
        Mode::ErrorAfter => Err(injected(fault)),
        Mode::PauseAfter => {
            rest(fault).await;
            Ok(outcome)
        }
        Mode::KillBefore | Mode::ErrorBefore | Mode::PauseBefore | Mode::Panic => Ok(outcome),
    }
}

fn armed_for(step: Step) -> Option<&'static Fault> {
    let fault = ARMED.as_ref().filter(|fault| fault.step == step)?;
    (fault.seen.fetch_add(1, Ordering::Relaxed) + 1 == fault.turn).then_some(fault)
}

fn end_at_once() -> ! {
    // A process may always kill itself; should it not, aborting is as sudden.
    let _ = kill_process(getpid(), Signal::KILL);
    std::process::abort()
}

/// As a server that cannot be reached any more, whatever was tried.
fn injected(fault: &Fault) -> anyhow::Error {
    let (word, turn) = (fault.step.word(), fault.turn);
    Failure::new(ExitCode::Unreachable, format!("step `{word}` failed at turn {turn}, as {VARIABLE} asks"))
        .into()
}

/// How long a signal to stop takes at most to reach the run, which listens for it on its own.
const UNTIL_HEARD: Duration = Duration::from_millis(200);

/// SIGUSR1 ends the pause, and so does a signal that asks the run to stop.
async fn rest(fault: &Fault) {
    let (Ok(mut go_on), Ok(mut interrupt), Ok(mut terminate)) = (
        signal(SignalKind::user_defined1()),
        signal(SignalKind::interrupt()),
        signal(SignalKind::terminate()),
    ) else {
        return;
    };
    tracing::warn!("pausing at step `{}`, as {VARIABLE} asks", fault.step.word());
    tokio::select! {
        () = tokio::time::sleep(LONGEST_PAUSE) => {}
        _ = go_on.recv() => {}
        _ = interrupt.recv() => tokio::time::sleep(UNTIL_HEARD).await,
        _ = terminate.recv() => tokio::time::sleep(UNTIL_HEARD).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_names_step_turn_and_mode() {
        let fault = parse("swap:3=kill-after").expect("valid");
        assert_eq!((fault.step, fault.turn, fault.mode), (Step::Swap, 3, Mode::KillAfter));
        assert_eq!(parse("lock=kill").expect("valid").turn, 1);
        for wrong in ["", "swap", "swap=", "nothing=kill", "swap:x=kill", "swap=explode"] {
            assert!(parse(wrong).is_none(), "{wrong}");
        }
    }

    #[tokio::test]
    async fn nothing_happens_unless_armed() {
        for each in Step::ALL {
            assert_eq!(step(*each, async { Ok(1) }).await.expect("no fault"), 1);
        }
    }
}
