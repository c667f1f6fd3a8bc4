//! SIGINT and SIGTERM: the first asks the run to stop at the next safe point, a second one ends it at once.

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use crate::exit::ExitCode;

/// A request to stop that many places can watch.
#[derive(Clone, Debug)]
pub struct Stop {
    sender: watch::Sender<Option<ExitCode>>,
    receiver: watch::Receiver<Option<ExitCode>>,
}

impl Stop {
    /// Starts to listen for signals.
    pub fn on_signals() -> std::io::Result<Stop> {
        let (sender, stop) = Stop::by_hand();
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        tokio::spawn(async move {
            let mut asked_before = false;
            loop {
                let code = tokio::select! {
                    _ = interrupt.recv() => ExitCode::Interrupted,
                    _ = terminate.recv() => ExitCode::Terminated,
                };
                if asked_before {
                    crate::engine::exit_at_once(code.number());
                }
                asked_before = true;
                tracing::warn!("stopping at the next safe point; once more to stop at once");
                sender.send_replace(Some(code));
            }
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
