//! Trying again: when it is worth it, and how long to rest before.

use anyhow::Result;
use tracing::warn;

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

    /// Rests before another try. False where none is worth it, or where the run is asked to stop.
    pub(super) async fn rest_before_retry(&self, error: &QueryError, tries: &mut usize) -> bool {
        let Some(delay) = self.retries.delays(error.class).nth(*tries) else { return false };
        if self.stop.as_ref().is_some_and(|stop| stop.code().is_some()) {
            return false;
        }
        *tries += 1;
        let delay_ms = delay.as_millis() as u64;
        warn!(statement = error.statement, try_number = *tries, delay_ms, "{error}; trying again");
        let rest = tokio::time::sleep(delay);
        match &self.stop {
            Some(stop) => stop.or_done(rest).await.is_some(),
            None => {
                rest.await;
                true
            }
        }
    }
}
