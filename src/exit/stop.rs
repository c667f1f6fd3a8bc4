//! SIGINT and SIGTERM: the first asks the run to stop at the next safe point, a second one ends it as soon as no
//! change is under way.

use std::sync::LazyLock;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use crate::exit::ExitCode;

/// How long a second signal waits for the changes that are under way: a swap takes some hundredths of a second.
const LONGEST_CHANGE: Duration = Duration::from_secs(5);

/// How long a verb that only reads may take to end its statement. What still keeps it then, such as a pipe that nobody
/// reads, is left.
const LONGEST_FAREWELL: Duration = Duration::from_secs(3);

/// Time for changes of other processes, once their server is to leave at once.
const CHANGES_OF_OTHERS: Duration = Duration::from_secs(1);

/// How a verb takes the first signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// It only reads: it ends at once, without a word.
    Reads,
    /// It goes on to a point where nothing is half done.
    Writes,
    /// It lets the statements of others end.
    Serves,
}

/// A request to stop that many places can watch.
#[derive(Clone, Debug)]
pub struct Stop {
    sender: watch::Sender<Option<ExitCode>>,
    receiver: watch::Receiver<Option<ExitCode>>,
}

impl Stop {
    /// Starts to listen for signals. A second one ends the process by `leave`, which gets the exit code.
    pub fn on_signals(manner: Manner, leave: fn(u8) -> !) -> std::io::Result<Stop> {
        let (sender, stop) = Stop::by_hand();
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        tokio::spawn(async move {
            let mut next = async || {
                tokio::select! {
                    _ = interrupt.recv() => ExitCode::Interrupted,
                    _ = terminate.recv() => ExitCode::Terminated,
                }
            };
            let first = next().await;
            if manner != Manner::Reads {
                tracing::warn!("stopping at the next safe point; once more to stop at once");
            }
            sender.send_replace(Some(first));
            let code = match manner {
                Manner::Reads => tokio::time::timeout(LONGEST_FAREWELL, next()).await.unwrap_or(first),
                Manner::Writes | Manner::Serves => next().await,
            };
            match manner {
                Manner::Reads => {}
                Manner::Writes => changes_end().await,
                Manner::Serves => tokio::time::sleep(CHANGES_OF_OTHERS).await,
            }
            leave(code.number());
        });
        Ok(stop)
    }

    /// A stop that is asked for by sending the exit code.
    pub fn by_hand() -> (watch::Sender<Option<ExitCode>>, Stop) {
        let (sender, receiver) = watch::channel(None);
        (sender.clone(), Stop { sender, receiver })
    }

    /// Asks the run to stop, as a signal does. The first reason counts.
    pub fn request(&self, code: ExitCode) {
        self.sender.send_if_modified(|reason| {
            let is_first = reason.is_none();
            reason.get_or_insert(code);
            is_first
        });
    }

    /// Does the work unless a stop is asked for before it is done.
    pub async fn or_done<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            outcome = work => Some(outcome),
            () = self.requested() => None,
        }
    }

    /// The exit code of the signal, once there was one.
    pub fn code(&self) -> Option<ExitCode> {
        *self.receiver.borrow()
    }

    /// Waits until a stop is asked for.
    pub async fn requested(&self) {
        let mut receiver = self.receiver.clone();
        // A sender that is gone can ask for nothing any more.
        if receiver.wait_for(Option::is_some).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// The changes of this process that are under way.
#[derive(Default)]
struct Changes {
    number: usize,
    /// The process leaves as soon as they have ended: no other may begin.
    leaving: bool,
}

static CHANGES: LazyLock<watch::Sender<Changes>> = LazyLock::new(watch::Sender::default);

/// A change under way, until it is dropped.
pub struct Change(());

impl Change {
    /// Begins a change, which a second signal waits for. After that signal none begins any more.
    pub async fn begin() -> Change {
        let begun = CHANGES.send_if_modified(|changes| {
            changes.number += usize::from(!changes.leaving);
            !changes.leaving
        });
        if !begun {
            std::future::pending::<()>().await;
        }
        Change(())
    }
}

impl Drop for Change {
    fn drop(&mut self) {
        CHANGES.send_modify(|changes| changes.number -= 1);
    }
}

async fn changes_end() {
    CHANGES.send_modify(|changes| changes.leaving = true);
    let mut changes = CHANGES.subscribe();
    let ended = changes.wait_for(|changes| changes.number == 0);
    // What takes longer than that is not worth the wait of somebody who has asked twice.
    let _ = tokio::time::timeout(LONGEST_CHANGE, ended).await;
}
