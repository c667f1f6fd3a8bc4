//! Whether the server is there: one decision for all statements of a run, told once for each change.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tracing::{debug, info, warn};

use super::{Db, QueryError};
use crate::db::http_client::Ping;

/// The longest wait for the answer to a ping, of a server that was lost.
const PING_TIMEOUT: Duration = Duration::from_secs(2);
/// Time between two pings to a server that was lost.
const PING_AGAIN: Duration = Duration::from_secs(1);
/// A statement that takes longer is worth the question whether its server still lives.
const SILENCE: Duration = Duration::from_secs(10);
/// A server at work may be slow to answer even a ping.
const PATIENT_PING_TIMEOUT: Duration = Duration::from_secs(5);
/// Pings in a row without an answer after which no statement will be answered either.
const SILENT_PINGS: usize = 2;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    There,
    Lost(Instant),
    /// Given up: what is still to be done is tried once, if the server is back.
    Gone,
}

/// What the statements of a run know of their server.
pub(super) struct Outage {
    state: Mutex<State>,
    /// None where the engine is in this process.
    ping: Option<Ping>,
}

impl Outage {
    pub(super) fn new(ping: Option<Ping>) -> Outage {
        Outage { state: Mutex::new(State::There), ping }
    }

    fn change(&self, change: impl FnOnce(State) -> State) -> State {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let before = *state;
        *state = change(before);
        before
    }

    fn state(&self) -> State {
        self.change(|state| state)
    }

    /// The server has given an answer, be it an error.
    pub(super) fn answered(&self) {
        if let State::Lost(since) = self.change(|_| State::There) {
            info!("the server answers again, after {} s", since.elapsed().as_secs());
        }
    }

    fn lose(&self, error: &QueryError, patience: Duration) {
        let lost = |state| if state == State::There { State::Lost(Instant::now()) } else { state };
        if self.change(lost) == State::There && patience > Db::FIRST_CONTACT {
            warn!("{error}; waiting for the server");
        }
    }

    fn give_up(&self) {
        if let State::Lost(since) = self.change(|_| State::Gone) {
            debug!("the server is given up after {} s", since.elapsed().as_secs());
        }
    }

    async fn ping(&self, limit: Duration) -> bool {
        match &self.ping {
            Some(ping) => ping.is_answered_within(limit).await,
            None => true,
        }
    }

    /// Completes once a server that took a statement seems dead: hung, or cut off without a word.
    pub(super) async fn silent(&self) {
        if self.ping.is_none() {
            std::future::pending::<()>().await;
        }
        let mut unanswered = 0;
        while unanswered < SILENT_PINGS {
            if unanswered == 0 {
                tokio::time::sleep(SILENCE).await;
            }
            unanswered = if self.ping(PATIENT_PING_TIMEOUT).await { 0 } else { unanswered + 1 };
        }
    }
}

impl Db {
    /// How long a server is waited for that was never heard of: its address may be wrong.
    pub const FIRST_CONTACT: Duration = Duration::from_secs(2);

    /// Whether the run has given the server up.
    pub fn is_server_gone(&self) -> bool {
        self.outage.state() == State::Gone
    }

    /// Notes that a statement was not answered. False where the server is given up already.
    pub(super) fn note_outage(&self, error: &QueryError) -> bool {
        self.outage.lose(error, self.retries.outage_patience);
        !self.is_server_gone()
    }

    /// Gives the server up for all statements of the run.
    pub(super) fn give_server_up(&self) {
        self.outage.give_up();
    }

    /// Whether it is worth sending a statement: a server that was given up is asked first whether it is back.
    pub(super) async fn may_send(&self) -> bool {
        !self.is_server_gone() || self.outage.ping(PING_TIMEOUT).await
    }

    /// Whether the server answers, for what is better left undone otherwise.
    pub(super) async fn answers(&self) -> bool {
        self.outage.ping(PING_TIMEOUT).await
    }

    /// Waits until the server answers again, or patience ends: of one statement, and so of all.
    pub(super) async fn outlast(&self) -> bool {
        loop {
            if self.outage.ping(PING_TIMEOUT).await {
                self.outage.answered();
                return true;
            }
            match self.outage.state() {
                State::Lost(since) if since.elapsed() < self.retries.outage_patience => {}
                // Another statement has been answered in between.
                State::There => return true,
                State::Lost(_) | State::Gone => {
                    self.give_server_up();
                    return false;
                }
            }
            tokio::time::sleep(PING_AGAIN).await;
        }
    }
}
