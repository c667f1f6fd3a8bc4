//! Who calls: what may be seen, and how much at once. It comes from the start or the token, never from an argument.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::mcp::guard::Scope;

/// Calls of one caller that run at the same time.
const AT_ONCE: usize = 2;
/// Calls of one caller within a minute.
const A_MINUTE: usize = 120;

/// A caller.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The token's name; `stdio` without tokens.
    pub name: String,
    /// The accounts that may be seen.
    pub scope: Scope,
}

/// How much each caller does, by the token's name.
#[derive(Default)]
pub struct Limits(Mutex<HashMap<String, Usage>>);

struct Usage {
    running: Arc<Semaphore>,
    begun: VecDeque<Instant>,
}

impl Limits {
    /// Lets a call begin; it ends when the permit is dropped. The error is a plain sentence.
    pub fn enter(&self, caller: &Caller) -> Result<OwnedSemaphorePermit> {
        let mut callers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let usage = callers
            .entry(caller.name.clone())
            .or_insert_with(|| Usage { running: Arc::new(Semaphore::new(AT_ONCE)), begun: VecDeque::new() });
        let minute_ago = Instant::now().checked_sub(Duration::from_secs(60));
        while usage.begun.front().is_some_and(|begun| minute_ago.is_some_and(|ago| *begun < ago)) {
            usage.begun.pop_front();
        }
        if usage.begun.len() >= A_MINUTE {
            bail!("more than {A_MINUTE} calls within a minute: wait a moment");
        }
        let Ok(permit) = usage.running.clone().try_acquire_owned() else {
            bail!("{AT_ONCE} calls are still running: wait until one has ended");
        };
        usage.begun.push_back(Instant::now());
        Ok(permit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_at_once_and_so_many_a_minute() {
        let limits = Limits::default();
        let caller = |name: &str| Caller { name: name.to_owned(), scope: Scope::All };
        let first = limits.enter(&caller("a")).expect("the first");
        let _second = limits.enter(&caller("a")).expect("the second");
        assert!(limits.enter(&caller("a")).expect_err("a third").to_string().contains("still running"));
        assert!(limits.enter(&caller("b")).is_ok());
        drop(first);
        for _ in 2..A_MINUTE {
            drop(limits.enter(&caller("a")).expect("within the minute"));
        }
        assert!(limits.enter(&caller("a")).expect_err("too many").to_string().contains("within a minute"));
    }
}
