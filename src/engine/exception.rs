//! An error of the engine in ClickHouse's own terms: a code and a text.

use hyper::StatusCode;

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
            194 => StatusCode::UNAUTHORIZED,
            192 | 193 | 291 | 497 | 516 => StatusCode::FORBIDDEN,
            6 | 26 | 27 | 36 | 38 | 41 | 43 | 44 | 53 | 62 | 69 | 70 | 72 | 117 | 130 | 321 | 441 | 456
            | 457 => StatusCode::BAD_REQUEST,
            16 | 46 | 47 | 50 | 56 | 60 | 73 | 81 | 115 | 372 => StatusCode::NOT_FOUND,
            48 => StatusCode::NOT_IMPLEMENTED,
            159 => StatusCode::REQUEST_TIMEOUT,
            209 | 439 => StatusCode::SERVICE_UNAVAILABLE,
            307 | 396 => StatusCode::PAYLOAD_TOO_LARGE,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The text with the version, as it ends in every answer of a server.
    pub fn with_version(&self, version: &str) -> String {
        format!("{} (version {version} (official build))\n", self.text)
    }
}
