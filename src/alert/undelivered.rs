//! A message that did not arrive, or of which nobody knows.

use std::fmt;
use std::time::Duration;

use crate::exit::{ExitCode, Failure};

/// What is known of the message, and what another try is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It did not arrive. Another try may do, not before this time has passed where the other side names one.
    Later(Option<Duration>),
    /// It did not arrive, and another try would fail alike until somebody mends something.
    Refused,
    /// It was sent whole, and no answer came: it may have arrived.
    Unknown,
}

/// Why, in words without any secret.
#[derive(Debug)]
pub struct Undelivered {
    /// What is known of the message.
    pub fate: Fate,
    code: ExitCode,
    message: String,
    hint: String,
}

impl Undelivered {
    /// Not now.
    pub fn later(message: impl Into<String>, hint: impl Into<String>) -> Undelivered {
        Undelivered::new(Fate::Later(None), ExitCode::Unreachable, message, hint)
    }

    /// Not before somebody mends something.
    pub fn refused(code: ExitCode, message: impl Into<String>, hint: impl Into<String>) -> Undelivered {
        Undelivered::new(Fate::Refused, code, message, hint)
    }

    /// Nobody knows.
    pub fn unknown(message: impl Into<String>, hint: impl Into<String>) -> Undelivered {
        Undelivered::new(Fate::Unknown, ExitCode::Unreachable, message, hint)
    }

    fn new(fate: Fate, code: ExitCode, message: impl Into<String>, hint: impl Into<String>) -> Undelivered {
        Undelivered { fate, code, message: message.into(), hint: hint.into() }
    }

    /// Not before this time has passed.
    pub fn not_before(self, rest: Option<Duration>) -> Undelivered {
        match self.fate {
            Fate::Later(_) => Undelivered { fate: Fate::Later(rest), ..self },
            Fate::Refused | Fate::Unknown => self,
        }
    }

    /// The remedy.
    pub fn remedy(&self) -> &str {
        &self.hint
    }
}

impl fmt::Display for Undelivered {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for Undelivered {}

impl From<Undelivered> for Failure {
    fn from(undelivered: Undelivered) -> Failure {
        Failure::new(undelivered.code, undelivered.message).hint(undelivered.hint)
    }
}
