//! A statement that failed: ClickHouse's code and text, or what the network said.

use std::fmt;

use clickhouse::error::Error;

use super::{pinned, place};
use crate::db::codes;
use crate::db::retry::{self, Class};
use crate::exit::{ExitCode, Failure};

/// The longest error text that is shown: a proxy's HTML page is cut here.
const LONGEST_TEXT: usize = 600;
/// Characters shown of a page that is no answer of ClickHouse: its beginning says enough.
const LONGEST_PAGE: usize = 160;

/// Words and status codes by which something in between says that the server behind it may come back. The client passes
/// a status on only where the answer has no text.
const PASSING: &[&str] = &[
    "429",
    "502",
    "503",
    "504",
    "too many requests",
    "gateway",
    "unavailable",
    "upstream",
    "overload",
    "timed out",
    "timeout",
    "temporar",
    "try again",
    "__exception__",
];

/// Codes of ClickHouse that mean "you may not": user, password, privilege, read-only.
const ACCESS_DENIED: &[u32] = &[
    codes::READONLY,
    codes::UNKNOWN_USER,
    codes::WRONG_PASSWORD,
    codes::REQUIRED_PASSWORD,
    codes::ACCESS_DENIED,
    codes::AUTHENTICATION_FAILED,
];
/// Codes that mean that the database is not the expected one: table, column, type or database missing.
const SCHEMA_MISMATCH: &[u32] = &[
    codes::NO_SUCH_COLUMN_IN_TABLE,
    codes::UNKNOWN_IDENTIFIER,
    codes::UNKNOWN_TABLE,
    codes::UNKNOWN_DATABASE,
];

/// Codes that mean that a setting may not be changed: a read-only user, a constrained profile.
const SETTING_REFUSED: &[u32] = &[codes::READONLY, codes::SETTING_CONSTRAINT_VIOLATION];

/// A failed statement.
#[derive(Debug)]
pub struct QueryError {
    /// The catalogue name of the statement, such as `refresh/stage`.
    pub statement: String,
    /// ClickHouse's error code, where the server gave one.
    pub code: Option<u32>,
    /// What another try is worth.
    pub class: Class,
    /// What answered is no ClickHouse: a login page, a proxy, another program on that port.
    pub is_foreign: bool,
    /// Nothing answered at all.
    pub(super) is_unanswered: bool,
    /// Another server answers than the one that the run began on.
    is_elsewhere: bool,
    /// The query that may still run on the server.
    pub(super) left_running: Option<String>,
    text: String,
    target: String,
}

impl QueryError {
    pub(super) fn new(statement: &str, target: &str, error: &Error) -> Self {
        if let Some(elsewhere) = pinned::elsewhere_in(error) {
            return Self { is_elsewhere: true, ..Self::of(statement, target, elsewhere.to_string()) };
        }
        let text = full_text(error);
        let code = code_in(&text);
        let is_foreign = code.is_none() && (is_page(error) || is_strange(error));
        let class = match code {
            Some(code) => retry::class_of_code(code, &text),
            None if is_foreign => Class::Never,
            None => class_without_code(error, &text),
        };
        let is_unanswered = code.is_none() && matches!(error, Error::Network(_));
        let text = shorten(&text, if is_foreign { LONGEST_PAGE } else { LONGEST_TEXT });
        Self { code, class, is_foreign, is_unanswered, ..Self::of(statement, target, text) }
    }

    fn of(statement: &str, target: &str, text: String) -> Self {
        Self {
            statement: statement.to_owned(),
            code: None,
            class: Class::Never,
            is_foreign: false,
            is_unanswered: false,
            is_elsewhere: false,
            left_running: None,
            text,
            target: target.to_owned(),
        }
    }

    /// The failure that this answer of a server is.
    #[cfg(test)]
    pub(crate) fn answered(statement: &str, text: &str) -> Self {
        Self::new(statement, "here", &Error::BadResponse(text.to_owned()))
    }

    pub(super) fn timed_out(statement: &str, target: &str, seconds: u64) -> Self {
        Self { class: Class::Once, ..Self::of(statement, target, format!("no answer within {seconds} s")) }
    }

    pub(super) fn stopped(statement: &str, target: &str) -> Self {
        Self::of(statement, target, "stopped on request".to_owned())
    }

    /// The server took the statement and has been silent since, to pings too.
    pub(super) fn silent(statement: &str, target: &str) -> Self {
        let text = "the server answers nothing any more".to_owned();
        Self { class: Class::UnknownOutcome, is_unanswered: true, ..Self::of(statement, target, text) }
    }

    /// Not sent: the run has given the server up.
    pub(super) fn given_up(statement: &str, target: &str) -> Self {
        let text = "the server has not come back".to_owned();
        Self { class: Class::Transient, is_unanswered: true, ..Self::of(statement, target, text) }
    }

    /// Whether this is about the server, or what stands before it, and every other statement would fail alike.
    pub fn is_outage(&self) -> bool {
        self.is_unanswered || (self.code.is_none() && self.class == Class::Transient)
    }

    /// What the server said.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The column that the server did not find or could not read, where it names one.
    pub fn column_in_question(&self) -> Option<&str> {
        let after = ["dentifier `", "dentifier '", "Missing columns: '", "subcolumn ", "column ", "Column "]
            .iter()
            .find_map(|before| self.text.split_once(before))?
            .1;
        let name = after.split(|letter: char| !(letter.is_alphanumeric() || "_.".contains(letter))).next()?;
        let name = name.rsplit('.').next()?;
        (!name.is_empty()).then_some(name)
    }

    /// The exit code that this failure means when nobody handles it.
    pub fn exit_code(&self) -> ExitCode {
        match self.code {
            Some(code) if ACCESS_DENIED.contains(&code) => ExitCode::AccessDenied,
            Some(code) if SCHEMA_MISMATCH.contains(&code) => ExitCode::SchemaMismatch,
            _ if self.class == Class::Busy => ExitCode::LockHeld,
            _ if self.is_elsewhere => ExitCode::Unreachable,
            _ if self.is_foreign || self.class != Class::Never => ExitCode::Unreachable,
            _ => ExitCode::Failed,
        }
    }

    /// ClickHouse's code, if this is the error of a statement and the server gave one.
    pub fn code_of(error: &anyhow::Error) -> Option<u32> {
        error.downcast_ref::<QueryError>().and_then(|error| error.code)
    }

    /// Whether this user cannot read what was asked: not allowed, not there, or made by an older version.
    pub fn is_unreadable(error: &anyhow::Error) -> bool {
        let unreadable = [codes::ACCESS_DENIED, codes::UNKNOWN_TABLE, codes::UNKNOWN_IDENTIFIER];
        QueryError::code_of(error).is_some_and(|code| unreadable.contains(&code))
    }

    /// Whether an error says that the server is not there.
    pub fn is_of_outage(error: &anyhow::Error) -> bool {
        error.downcast_ref::<QueryError>().is_some_and(QueryError::is_outage)
    }

    /// Whether the user's profile refuses to change a setting.
    pub fn is_refused_setting(error: &anyhow::Error) -> bool {
        let error = error.downcast_ref::<QueryError>();
        error.is_some_and(|error| error.refuses_setting())
    }

    fn refuses_setting(&self) -> bool {
        self.code.is_some_and(|code| SETTING_REFUSED.contains(&code))
            && self.text.to_lowercase().contains("setting")
    }

    /// What the user can do about it.
    pub fn remedy(&self) -> Option<&str> {
        match self.code {
            Some(
                codes::UNKNOWN_USER
                | codes::WRONG_PASSWORD
                | codes::REQUIRED_PASSWORD
                | codes::AUTHENTICATION_FAILED,
            ) => Some("check CLICKHOUSE_USER and CLICKHOUSE_PASSWORD or CLICKHOUSE_PASSWORD_FILE"),
            _ if self.refuses_setting() => Some(
                "the user's profile fixes that setting at another value: set it right there, or let the user change it \
                 (readonly = 2, no constraint)",
            ),
            Some(codes::READONLY) => Some("this user is read-only: writing verbs need the refresher's user"),
            Some(codes::ACCESS_DENIED) => {
                Some("grant the privilege that the message names (README, Production)")
            }
            Some(codes::UNKNOWN_TABLE) if self.text.contains("_statistics_latest") => {
                Some("a source is missing: load the sources, or make sample ones with `aiviews seed`")
            }
            Some(codes::UNKNOWN_TABLE | codes::UNKNOWN_IDENTIFIER | codes::NO_SUCH_COLUMN_IN_TABLE) => {
                Some("run `aiviews verify` to see what is missing, `aiviews migrate` to create it")
            }
            Some(codes::UNKNOWN_DATABASE) => {
                Some("create the database first: CREATE DATABASE, or set CLICKHOUSE_DATABASE")
            }
            None if self.is_elsewhere => Some(place::KEEP_TO_ONE),
            None if self.is_foreign => Some(
                "look at that address in a browser: CLICKHOUSE_URL must name ClickHouse's HTTP port, with no login page before it",
            ),
            None if self.is_outage() => Some(
                "check that the server runs and that CLICKHOUSE_URL names its HTTP port (8123, or 8443 for https)",
            ),
            _ => None,
        }
    }
}

/// The exit code of an error: that of the first cause that has one.
pub fn exit_code_of(error: &anyhow::Error) -> ExitCode {
    for cause in error.chain() {
        if let Some(failure) = cause.downcast_ref::<Failure>() {
            return failure.code;
        }
        if let Some(failure) = cause.downcast_ref::<QueryError>() {
            return failure.exit_code();
        }
    }
    ExitCode::Failed
}

/// The remedy of an error, if any cause names one.
pub fn hint_of(error: &anyhow::Error) -> Option<String> {
    error.chain().find_map(|cause| {
        let failure = cause.downcast_ref::<Failure>().and_then(Failure::remedy);
        let query = cause.downcast_ref::<QueryError>().and_then(QueryError::remedy);
        failure.or(query).map(str::to_owned)
    })
}

impl fmt::Display for QueryError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_foreign {
            let (statement, target) = (&self.statement, &self.target);
            return write!(
                formatter,
                "what answered `{statement}` at {target} is not ClickHouse: {}",
                self.text
            );
        }
        write!(formatter, "statement `{}` on {} failed: {}", self.statement, self.target, self.text)
    }
}

impl std::error::Error for QueryError {}

/// The error with all its causes on one line: hyper hides "connection refused" in the third one.
fn full_text(error: &Error) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text
}

/// A page with status 200 where the answer to a statement should be.
#[derive(Debug)]
pub(super) struct Page(pub String);

impl fmt::Display for Page {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "a page: {}", self.0)
    }
}

impl std::error::Error for Page {}

/// Whether the client could make nothing of the answer: it has the wrong format, or is none.
pub(super) fn has_no_header(error: &Error) -> bool {
    match error {
        Error::InvalidColumnsHeader(_) => true,
        Error::BadResponse(text) => {
            text.ends_with("columns header") || text.ends_with("column in the header")
        }
        _ => false,
    }
}

fn is_page(error: &Error) -> bool {
    matches!(error, Error::Other(cause) if cause.is::<Page>())
}

/// An answer with an error's status that is neither ClickHouse's, which always has a code, nor that of something in between
/// that waits for a server to come back: a page that was not found, a login page, another program on that port.
fn is_strange(error: &Error) -> bool {
    let Error::BadResponse(text) = error else { return false };
    let text = text.to_lowercase();
    !has_no_header(error) && !PASSING.iter().any(|word| text.contains(word))
}

/// `N` of `Code: N`, which every ClickHouse exception begins with, wherever in the body it came.
fn code_in(text: &str) -> Option<u32> {
    let after = text.split("Code: ").nth(1)?;
    let digits: String = after.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

fn class_without_code(error: &Error, text: &str) -> Class {
    match error {
        Error::Network(_) if text.contains("onnect") && !text.contains("reset") => Class::Transient,
        Error::Network(_) | Error::NotEnoughData => Class::UnknownOutcome,
        // No ClickHouse code: a proxy in between answered (429, 502, 503, 504), or half of an answer came.
        Error::BadResponse(_) | Error::InvalidColumnsHeader(_) => Class::Transient,
        Error::TimedOut => Class::Once,
        _ => Class::Never,
    }
}

fn shorten(text: &str, longest: usize) -> String {
    let words: Vec<&str> = text.split(|letter: char| letter.is_control() || letter == ' ').collect();
    let line = words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    if line.len() <= longest {
        return line;
    }
    let cut: String = line.chars().take(longest).collect();
    format!("{cut} ...")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error_of(text: &str) -> QueryError {
        QueryError::new("test", "here", &Error::BadResponse(text.to_owned()))
    }

    #[test]
    fn codes_decide_the_exit_code() {
        let cases = [
            ("Code: 516. DB::Exception: Authentication failed", ExitCode::AccessDenied),
            ("Code: 60. DB::Exception: Unknown table", ExitCode::SchemaMismatch),
            ("Code: 210. DB::NetException: refused", ExitCode::Unreachable),
            ("Code: 62. DB::Exception: Syntax error", ExitCode::Failed),
            ("<html>503 Service Unavailable</html>", ExitCode::Unreachable),
        ];
        for (text, expected) in cases {
            assert_eq!(error_of(text).exit_code(), expected, "{text}");
        }
    }

    #[test]
    fn a_page_with_status_200_is_not_tried_again() {
        let page = Error::Other(Box::new(Page("<html>Welcome".to_owned())));
        let error = QueryError::new("test", "here", &page);
        assert_eq!((error.class, error.exit_code()), (Class::Never, ExitCode::Unreachable));
        assert!(error.to_string().contains("at here is not ClickHouse: a page: <html>Welcome"), "{error}");
        assert_eq!(error_of("<html>503 Service Unavailable</html>").class, Class::Transient);
    }

    #[test]
    fn an_answer_that_does_not_pass_by_itself_is_told_at_once() {
        let strange = [
            "<html><head><title>404 Not Found</title></head></html>",
            "<html><h1>403 Forbidden</h1></html>",
            "404 page not found",
            "404 Not Found",
            "405 Method Not Allowed",
            "{\"error\":\"no handler found for uri\"}",
        ];
        for text in strange {
            let error = error_of(text);
            assert_eq!((error.class, error.exit_code()), (Class::Never, ExitCode::Unreachable), "{text}");
            assert!(error.to_string().contains("at here is not ClickHouse: "), "{error}");
            assert!(error.remedy().is_some_and(|hint| hint.contains("CLICKHOUSE_URL")), "{text}");
        }
        let passing = [
            "429 Too Many Requests",
            "<html><h1>502 Bad Gateway</h1><hr>nginx</html>",
            "503 Service Unavailable",
            "upstream connect error or disconnect/reset before headers",
            "no healthy upstream",
            "504 Gateway Time-out",
            "cannot parse the columns header",
        ];
        for text in passing {
            assert_eq!(error_of(text).class, Class::Transient, "{text}");
        }
    }

    #[test]
    fn a_page_of_html_is_cut() {
        assert!(error_of(&"<p>".repeat(5000)).to_string().len() < 800);
    }
}
