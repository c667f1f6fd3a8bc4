//! A statement from its admission to its end, and what happens when its client goes before that:
//! it is killed by its tag, from another connection.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::OwnedSemaphorePermit;

use crate::engine::exception::Exception;
use crate::engine::{Engine, session};

/// How long a statement is told to end before it is left to itself.
const PATIENCE: Duration = Duration::from_secs(60);

/// An admitted statement.
pub struct Running {
    /// The engine it runs on.
    pub engine: Engine,
    query_id: String,
    ended: AtomicBool,
    abandoned: AtomicBool,
    _slot: OwnedSemaphorePermit,
}

impl Running {
    /// Admits the statement, unless one with its id runs already.
    pub fn admit(
        engine: &Engine,
        query_id: &str,
        slot: OwnedSemaphorePermit,
    ) -> Result<Arc<Self>, Exception> {
        let mut running = engine.0.requests.running.lock().unwrap_or_else(PoisonError::into_inner);
        if !running.insert(query_id.to_owned()) {
            let message = format!("Query with id = {query_id} is already running");
            return Err(Exception::new(216, "QUERY_WITH_SAME_ID_IS_ALREADY_RUNNING", message));
        }
        Ok(Arc::new(Self {
            engine: engine.clone(),
            query_id: query_id.to_owned(),
            ended: AtomicBool::new(false),
            abandoned: AtomicBool::new(false),
            _slot: slot,
        }))
    }

    /// Fails if nobody waits for the answer any more.
    pub fn check_wanted(&self) -> Result<(), Exception> {
        if self.abandoned.load(Ordering::Acquire) {
            return Err(Exception::new(394, "QUERY_WAS_CANCELLED", "Query was cancelled"));
        }
        Ok(())
    }

    /// The statement has ended: its id is free again.
    pub fn finish(&self) {
        if !self.ended.swap(true, Ordering::AcqRel) {
            let mut running = self.engine.0.requests.running.lock().unwrap_or_else(PoisonError::into_inner);
            running.remove(&self.query_id);
        }
    }

    fn has_ended(&self) -> bool {
        self.ended.load(Ordering::Acquire)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.finish();
    }
}

/// Lives as long as somebody waits for the answer.
pub struct Waiting(pub Arc<Running>);

impl Drop for Waiting {
    fn drop(&mut self) {
        if self.0.has_ended() {
            return;
        }
        self.0.abandoned.store(true, Ordering::Release);
        let running = self.0.clone();
        // A thread, since the runtime may be on its way out and a KILL takes a while.
        std::thread::spawn(move || kill_until_ended(&running));
    }
}

/// The statement may not have begun yet, so one KILL is not enough.
fn kill_until_ended(running: &Running) {
    let query_id = running.query_id.as_str();
    let start = Instant::now();
    let mut pause = Duration::from_millis(10);
    while !running.has_ended() && start.elapsed() < PATIENCE {
        let killed =
            running.engine.connect().and_then(|mut connection| session::kill(&mut connection, query_id));
        if let Err(error) = killed {
            tracing::warn!(query_id, %error, "cannot cancel an abandoned statement");
        }
        std::thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(500));
    }
}
