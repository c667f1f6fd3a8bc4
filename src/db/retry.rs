//! Which failures are worth another try, by ClickHouse's error code or the kind of network failure.

use std::time::Duration;

use backon::ExponentialBuilder;

use super::codes;

/// What a failure calls for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Passes by itself: try again soon.
    Transient,
    /// Passes slowly: memory, parts, disk pressure. Try again after a rest, or with less at once.
    Slow,
    /// The same query still runs.
    Busy,
    /// Nobody knows whether the statement took effect: find out, then redo.
    UnknownOutcome,
    /// One more try may do.
    Once,
    /// Another try would fail alike.
    Never,
}

/// The codes that pass by themselves.
const TRANSIENT: &[u32] = &[
    codes::DNS_ERROR,
    codes::TOO_MANY_SIMULTANEOUS_QUERIES,
    codes::NO_FREE_CONNECTION,
    codes::SOCKET_TIMEOUT,
    codes::NETWORK_ERROR,
    codes::NO_ZOOKEEPER,
    codes::TABLE_IS_READ_ONLY,
    codes::UNEXPECTED_ZOOKEEPER_ERROR,
    codes::NO_ACTIVE_REPLICAS,
    codes::NO_AVAILABLE_REPLICA,
    codes::ALL_CONNECTION_TRIES_FAILED,
    codes::TOO_FEW_LIVE_REPLICAS,
    codes::SYSTEM_ERROR,
    codes::CANNOT_SCHEDULE_TASK,
    codes::DEADLOCK_AVOIDED,
    codes::NO_REMOTE_SHARD_AVAILABLE,
    codes::DISTRIBUTED_TOO_MANY_PENDING_BYTES,
    codes::TABLE_IS_BEING_RESTARTED,
    codes::PART_IS_LOCKED,
    codes::SERVER_OVERLOADED,
    codes::TCP_CONNECTION_LIMIT_REACHED,
    codes::HTTP_CONNECTION_LIMIT_REACHED,
    codes::KEEPER_EXCEPTION,
];
const SLOW: &[u32] = &[codes::ABORTED, codes::MEMORY_LIMIT_EXCEEDED, codes::TOO_MANY_PARTS];
const BUSY: &[u32] = &[codes::QUERY_WITH_SAME_ID_IS_ALREADY_RUNNING];
const UNKNOWN_OUTCOME: &[u32] = &[
    codes::UNEXPECTED_END_OF_FILE,
    codes::ATTEMPT_TO_READ_AFTER_EOF,
    codes::CANNOT_READ_ALL_DATA,
    codes::UNKNOWN_STATUS_OF_INSERT,
];
const ONCE: &[u32] = &[
    codes::TIMEOUT_EXCEEDED,
    codes::TOO_SLOW,
    codes::QUERY_WAS_CANCELLED,
    codes::QUERY_WAS_CANCELLED_BY_CLIENT,
];

/// The class of a ClickHouse error code with its text.
pub fn class_of_code(code: u32, text: &str) -> Class {
    // The same code also means that one INSERT block has too many partitions: that never passes.
    if code == codes::TOO_MANY_PARTS && text.contains("Too many partitions") {
        return Class::Never;
    }
    [
        (TRANSIENT, Class::Transient),
        (SLOW, Class::Slow),
        (BUSY, Class::Busy),
        (UNKNOWN_OUTCOME, Class::UnknownOutcome),
        (ONCE, Class::Once),
    ]
    .into_iter()
    .find_map(|(codes, class)| codes.contains(&code).then_some(class))
    .unwrap_or(Class::Never)
}

/// The schedule of retries, in one place so that a test can shrink it.
#[derive(Clone, Copy, Debug)]
pub struct RetryPolicy {
    /// The first delay; each further one doubles, with jitter.
    pub first_delay: Duration,
    /// The rest before retrying a slow failure.
    pub slow_delay: Duration,
    /// Tries in all for transient failures.
    pub transient_tries: usize,
    /// Tries in all for slow failures.
    pub slow_tries: usize,
    /// How long to wait for a query of the same id to end.
    pub busy_wait: Duration,
    /// How long a statement may take before it counts as stalled.
    pub statement_timeout: Duration,
    /// How long a server that does not answer is waited for.
    pub outage_patience: Duration,
    /// How long the end of a stalled or doubtful query is waited for.
    pub kill_timeout: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            first_delay: Duration::from_millis(500),
            slow_delay: Duration::from_secs(30),
            transient_tries: 6,
            slow_tries: 3,
            busy_wait: Duration::ZERO,
            statement_timeout: Duration::from_secs(3600),
            outage_patience: Duration::from_secs(30),
            kill_timeout: Duration::from_secs(30),
        }
    }
}

impl RetryPolicy {
    /// Tries in all for this class.
    pub fn tries(&self, class: Class) -> usize {
        match class {
            Class::Transient => self.transient_tries,
            Class::Slow => self.slow_tries,
            Class::UnknownOutcome | Class::Once => 2,
            Class::Busy => {
                1 + self.busy_wait.as_millis().div_ceil(self.first_delay.as_millis().max(1)) as usize
            }
            Class::Never => 1,
        }
    }

    /// The delays between the tries of this class: doubling, or even where only time helps; with jitter.
    pub fn delays(&self, class: Class) -> impl Iterator<Item = Duration> {
        let (first, factor) = match class {
            Class::Slow => (self.slow_delay, 1.0),
            Class::Busy => (self.first_delay, 1.0),
            _ => (self.first_delay, 2.0),
        };
        let builder = ExponentialBuilder::default()
            .with_min_delay(first)
            .with_max_delay(first * 64)
            .with_factor(factor)
            .with_max_times(self.tries(class) - 1)
            .with_jitter();
        backon::BackoffBuilder::build(builder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_have_their_class() {
        assert_eq!(class_of_code(codes::NETWORK_ERROR, ""), Class::Transient);
        assert_eq!(class_of_code(codes::TOO_MANY_PARTS, "Too many parts (600)"), Class::Slow);
        assert_eq!(
            class_of_code(codes::TOO_MANY_PARTS, "Too many partitions for single INSERT block"),
            Class::Never
        );
        assert_eq!(class_of_code(codes::UNKNOWN_STATUS_OF_INSERT, ""), Class::UnknownOutcome);
        assert_eq!(class_of_code(codes::SYNTAX_ERROR, ""), Class::Never);
    }

    /// Each delay is the base and up to as much again.
    fn assert_delays(class: Class, bases: &[u64]) {
        let delays: Vec<_> = RetryPolicy::default().delays(class).collect();
        assert_eq!(delays.len(), bases.len(), "{class:?}");
        for (delay, base) in delays.iter().zip(bases) {
            let base = Duration::from_millis(*base);
            assert!(*delay >= base && *delay <= base * 2, "{class:?}: {delay:?}");
        }
    }

    #[test]
    fn the_default_schedule() {
        assert_delays(Class::Transient, &[500, 1000, 2000, 4000, 8000]);
        assert_delays(Class::Slow, &[30_000, 30_000]);
        assert_delays(Class::UnknownOutcome, &[500]);
        assert_delays(Class::Once, &[500]);
        assert_delays(Class::Busy, &[]);
        assert_delays(Class::Never, &[]);
        let waiting = RetryPolicy { busy_wait: Duration::from_secs(2), ..RetryPolicy::default() };
        assert_eq!(waiting.delays(Class::Busy).count(), 4);
    }
}
