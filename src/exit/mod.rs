//! The exit codes, and errors that carry one.

pub mod stop;

use std::fmt;

/// How a run of `aiviews` ended, as the number that the shell sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum ExitCode {
    /// Everything asked for was done.
    Done = 0,
    /// The run failed for a reason that no other code names.
    Failed = 1,
    /// The arguments or the environment make no sense.
    Usage = 2,
    /// Some accounts failed, the others are done.
    SomeAccountsFailed = 3,
    /// Another run holds the lock.
    LockHeld = 4,
    /// The server cannot be reached, or still fails after retries.
    Unreachable = 5,
    /// Drift, a pending migration or a broken source contract.
    SchemaMismatch = 6,
    /// The server refused the user, the password or a privilege.
    AccessDenied = 7,
    /// A data guard held accounts back.
    HeldBack = 8,
    /// `status`: the data is older than `--max-age`.
    Stale = 9,
    /// Stopped by SIGINT.
    Interrupted = 130,
    /// Stopped by SIGTERM.
    Terminated = 143,
}

/// The table of codes that `--help` prints.
pub const HELP: &str = "\
Exit codes:
  0  done
  1  failed
  2  wrong arguments or environment
  3  some accounts failed, the others are done
  4  another run holds the lock, or another process the data folder
  5  server unreachable, or still failing after retries
  6  the schema is not as it should be: drift, pending migration, broken source contract
  7  access denied
  8  stopped by a data guard: accounts were held back, their old rows stay
  9  stale (status)
  130, 143  interrupted, terminated";

impl ExitCode {
    /// Where several codes apply, the first of this list is the code of the run.
    const BY_PRECEDENCE: [ExitCode; 12] = [
        ExitCode::Interrupted,
        ExitCode::Terminated,
        ExitCode::LockHeld,
        ExitCode::AccessDenied,
        ExitCode::SchemaMismatch,
        ExitCode::Unreachable,
        ExitCode::Failed,
        ExitCode::HeldBack,
        ExitCode::SomeAccountsFailed,
        ExitCode::Usage,
        ExitCode::Stale,
        ExitCode::Done,
    ];

    /// The one code that stands for several.
    pub fn of(codes: &[ExitCode]) -> ExitCode {
        let found = Self::BY_PRECEDENCE.into_iter().find(|code| codes.contains(code));
        found.unwrap_or(ExitCode::Done)
    }

    /// The name that stands in JSON.
    pub fn name(self) -> &'static str {
        self.texts().0
    }

    /// What it means, for a run that has no other words for its end.
    pub fn words(self) -> &'static str {
        self.texts().1
    }

    fn texts(self) -> (&'static str, &'static str) {
        match self {
            ExitCode::Done => ("done", "done"),
            ExitCode::Failed => ("failed", "failed"),
            ExitCode::Usage => ("usage", "wrong arguments or environment"),
            ExitCode::SomeAccountsFailed => ("some_accounts_failed", "some accounts failed"),
            ExitCode::LockHeld => ("lock_held", "another run holds the lock"),
            ExitCode::Unreachable => ("unreachable", "the server cannot be reached"),
            ExitCode::SchemaMismatch => ("schema_mismatch", "the schema is not as it should be"),
            ExitCode::AccessDenied => ("access_denied", "access denied"),
            ExitCode::HeldBack => ("held_back", "accounts were held back"),
            ExitCode::Stale => ("stale", "the data is stale"),
            ExitCode::Interrupted => ("interrupted", "interrupted"),
            ExitCode::Terminated => ("terminated", "terminated"),
        }
    }

    /// What the process ends with: scripts rely on it.
    pub fn number(self) -> u8 {
        self as u8
    }
}

/// An error that knows its exit code and, where there is one, the remedy.
#[derive(Debug)]
pub struct Failure {
    /// The code that the process ends with.
    pub code: ExitCode,
    message: String,
    hint: Option<String>,
}

impl Failure {
    /// A failure with its message: lower case, the object in backticks.
    pub fn new(code: ExitCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), hint: None }
    }

    /// Adds the remedy.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The remedy, if there is one.
    pub fn remedy(&self) -> Option<&str> {
        self.hint.as_deref()
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_by_precedence_wins() {
        assert_eq!(ExitCode::of(&[]), ExitCode::Done);
        assert_eq!(ExitCode::of(&[ExitCode::SomeAccountsFailed, ExitCode::HeldBack]), ExitCode::HeldBack);
        assert_eq!(ExitCode::of(&[ExitCode::Failed, ExitCode::Unreachable]), ExitCode::Unreachable);
        assert_eq!(ExitCode::of(&[ExitCode::LockHeld, ExitCode::Interrupted]), ExitCode::Interrupted);
    }
}
