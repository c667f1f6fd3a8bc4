//! An error of the engine in ClickHouse's own terms: a code and a text.

use hyper::StatusCode;

use super::codes;

/// A failed statement.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{text}")]
pub struct Exception {
    /// ClickHouse's error code.
    pub code: u32,
    /// `Code: N. DB::Exception: ... (NAME)`, without the version.
    pub text: String,
}

impl Exception {
    /// One of our own, in the engine's wording.
    pub fn new(code: u32, name: &str, message: impl std::fmt::Display) -> Self {
        Self { code, text: format!("Code: {code}. DB::Exception: {message}. ({name})") }
    }

    /// A text as the engine reports it.
    pub fn from_engine(text: &str) -> Self {
        let text = text.trim_end();
        let code = text
            .strip_prefix("Code: ")
            .and_then(|rest| rest.split_once('.'))
            .and_then(|(number, _)| number.parse().ok());
        match code {
            Some(code) => Self { code, text: text.to_owned() },
            None => Self::internal(text),
        }
    }

    /// The same error in other words.
    pub fn said_as(&self, words: fn(u32, &str) -> String) -> Self {
        let words = words(self.code, &self.text);
        Self { code: self.code, text: format!("Code: {}. DB::Exception: {words}", self.code) }
    }

    /// Something that should not happen.
    pub fn internal(message: impl std::fmt::Display) -> Self {
        Self::new(1001, "STD_EXCEPTION", message)
    }

    /// A request this face does not serve.
    pub fn not_implemented(message: impl std::fmt::Display) -> Self {
        Self::new(48, "NOT_IMPLEMENTED", message)
    }

    /// A request that makes no sense.
    pub fn bad_arguments(message: impl std::fmt::Display) -> Self {
        Self::new(36, "BAD_ARGUMENTS", message)
    }

    /// The HTTP status a ClickHouse server answers with.
    pub fn status(&self) -> StatusCode {
        match self.code {
            codes::REQUIRED_PASSWORD => StatusCode::UNAUTHORIZED,
            codes::UNKNOWN_USER
            | codes::WRONG_PASSWORD
            | codes::DATABASE_ACCESS_DENIED
            | codes::ACCESS_DENIED
            | codes::AUTHENTICATION_FAILED => StatusCode::FORBIDDEN,
            codes::CANNOT_PARSE_TEXT
            | codes::CANNOT_PARSE_QUOTED_STRING
            | codes::CANNOT_PARSE_INPUT_ASSERTION_FAILED
            | codes::BAD_ARGUMENTS
            | codes::CANNOT_PARSE_DATE
            | codes::CANNOT_PARSE_DATETIME
            | codes::ILLEGAL_TYPE_OF_ARGUMENT
            | codes::ILLEGAL_COLUMN
            | codes::TYPE_MISMATCH
            | codes::SYNTAX_ERROR
            | codes::ARGUMENT_OUT_OF_BOUND
            | codes::CANNOT_CONVERT_TYPE
            | codes::CANNOT_PARSE_NUMBER
            | codes::INCORRECT_DATA
            | codes::CANNOT_READ_ARRAY_FROM_TEXT
            | codes::VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE
            | codes::CANNOT_PARSE_DOMAIN_VALUE_FROM_STRING
            | codes::UNKNOWN_QUERY_PARAMETER
            | codes::BAD_QUERY_PARAMETER => StatusCode::BAD_REQUEST,
            codes::NO_SUCH_COLUMN_IN_TABLE
            | codes::UNKNOWN_FUNCTION
            | codes::UNKNOWN_IDENTIFIER
            | codes::UNKNOWN_TYPE
            | codes::UNKNOWN_STORAGE
            | codes::UNKNOWN_TABLE
            | codes::UNKNOWN_FORMAT
            | codes::UNKNOWN_DATABASE
            | codes::UNKNOWN_SETTING
            | codes::SESSION_NOT_FOUND => StatusCode::NOT_FOUND,
            codes::NOT_IMPLEMENTED => StatusCode::NOT_IMPLEMENTED,
            codes::TIMEOUT_EXCEEDED => StatusCode::REQUEST_TIMEOUT,
            codes::SOCKET_TIMEOUT | codes::CANNOT_SCHEDULE_TASK => StatusCode::SERVICE_UNAVAILABLE,
            codes::TOO_MANY_BYTES | codes::TOO_MANY_ROWS_OR_BYTES => StatusCode::PAYLOAD_TOO_LARGE,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The text with the version, as it ends in every answer of a server.
    pub fn with_version(&self, version: &str) -> String {
        format!("{} (version {version} (official build))\n", self.text)
    }
}
