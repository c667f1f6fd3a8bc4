//! Trying again: when it is worth it, and how long to rest before.

use anyhow::Result;
use tracing::{debug, warn};

use super::{Db, QueryError};

impl Db {
    /// Does a work of several statements again as long as its failure is worth it, but not after this error code.
    pub async fn retrying<T>(&self, hopeless: u32, mut work: impl AsyncFnMut() -> Result<T>) -> Result<T> {
        let mut tries = 0;
        loop {
            let error = match work().await {
                Ok(value) => return Ok(value),
                Err(error) => error,
            };
            match error.downcast_ref::<QueryError>() {
                Some(cause) if cause.code == Some(hopeless) => return Err(error),
                Some(cause) if self.rest_before_retry(cause, &mut tries).await => {}
                _ => return Err(error),
            }
        }
    }

    /// Rests before another try, and ends what the failed one left running. False where no other try is worth it, or
    /// where the run is asked to stop.
    pub(super) async fn rest_before_retry(&self, error: &QueryError, tries: &mut usize) -> bool {
        let is_worth_it = self.rest(error, tries).await;
        if let Some(query_id) = &error.left_running {
            self.kill(query_id).await;
        }
        is_worth_it
    }

    async fn rest(&self, error: &QueryError, tries: &mut usize) -> bool {
        let is_outage = error.is_outage();
        if self.stop.as_ref().is_some_and(|stop| stop.code().is_some())
            || is_outage && !self.note_outage(error)
        {
            return false;
        }
        let Some(delay) = self.retries.delays(error.class).nth(*tries) else {
            // One that answers other statements is there.
            if is_outage && (!error.is_unanswered || !self.answers().await) {
                self.give_server_up();
            }
            return false;
        };
        *tries += 1;
        let delay_ms = delay.as_millis() as u64;
        match is_outage {
            true => {
                debug!(statement = error.statement, try_number = *tries, delay_ms, "{error}; trying again")
            }
            false => {
                warn!(statement = error.statement, try_number = *tries, delay_ms, "{error}; trying again")
            }
        }
        let rest = async {
            tokio::time::sleep(delay).await;
            !error.is_unanswered || self.outlast().await
        };
        match &self.stop {
            Some(stop) => stop.or_done(rest).await.unwrap_or(false),
            None => rest.await,
        }
    }
}
