//! A request's parameters, from its URL, its headers and the fields of a form.

use hyper::http::request::Parts;
use hyper::{HeaderMap, Method};

use crate::engine::exception::Exception;

/// Settings that one request may carry.
const MOST_SETTINGS: usize = 1_000;

/// What a request asks for.
#[derive(Debug, Default, Clone)]
pub struct Request {
    /// `query` of the URL or the form; the body follows it.
    pub query: Vec<u8>,
    /// Where names without a database are looked up.
    pub database: Option<String>,
    /// Echoed, and the tag that a KILL finds the statement by.
    pub query_id: String,
    /// The format of a result whose statement names none.
    pub default_format: Option<String>,
    /// A session that goes on over requests.
    pub session: Option<SessionRequest>,
    /// Hold the answer until the statement is done.
    pub wait_end_of_query: bool,
    /// Settings in the order given.
    pub settings: Vec<(String, String)>,
    /// Query parameters, values still escaped.
    pub parameters: Vec<(String, String)>,
    /// How the body is compressed.
    pub content_encoding: Option<String>,
    /// Not by POST: nothing may change.
    pub only_reads: bool,
    /// With the rights of a reader.
    pub is_reader: bool,
    /// Set for who has a reader's token: the answer comes in one piece, and errors are told in these words.
    pub words: Option<fn(u32, &str) -> String>,
}

/// A named session.
#[derive(Debug, Clone)]
pub struct SessionRequest {
    /// As the client named it.
    pub id: String,
    /// Seconds without a request after which it ends.
    pub timeout: u64,
    /// Only go on with one that exists.
    pub must_exist: bool,
    /// End it after this request.
    pub close: bool,
}

impl Request {
    /// Reads URL and headers.
    pub fn from_parts(parts: &Parts) -> Result<Self, Exception> {
        let mut request = Self::default();
        let mut session = SessionRequest { id: String::new(), timeout: 60, must_exist: false, close: false };
        for (name, value) in url::form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes()) {
            match name.as_ref() {
                "session_id" => session.id = value.into_owned(),
                "session_timeout" => session.timeout = session_timeout(&value)?,
                "session_check" => session.must_exist = is_true(&value),
                "close_session" => session.close = is_true(&value),
                _ => request.take(&name, &value)?,
            }
        }
        request.session = (!session.id.is_empty()).then_some(session);
        if request.is_reader && request.session.is_some() {
            return Err(Exception::not_implemented("a role is not served in a session"));
        }
        request.take_headers(&parts.headers);
        request.only_reads = parts.method != Method::POST;
        Ok(request)
    }

    /// Takes one parameter of the URL or one field of a form.
    pub fn take(&mut self, name: &str, value: &str) -> Result<(), Exception> {
        if let Some(parameter) = name.strip_prefix("param_") {
            self.parameters.push((parameter.to_owned(), value.to_owned()));
            return Ok(());
        }
        match name {
            "query" => self.query.extend_from_slice(value.as_bytes()),
            "database" => self.database = Some(value.to_owned()),
            "query_id" => self.query_id = value.to_owned(),
            "default_format" => self.default_format = Some(value.to_owned()),
            "wait_end_of_query" => self.wait_end_of_query = is_true(value),
            "compress" | "decompress" if is_true(value) => {
                return Err(Exception::not_implemented(format!(
                    "`{name}` is not served; use Content-Encoding"
                )));
            }
            // The only one that has less rights than who asks.
            "role" if value == "reader" => self.is_reader = true,
            "role" => return Err(Exception::not_implemented("only the role `reader` is served")),
            // The session's and the access's own, and what has no meaning here.
            "compress"
            | "decompress"
            | "user"
            | "password"
            | "quota_key"
            | "stacktrace"
            | "buffer_size"
            | "client_protocol_version"
            | "http_header_format" => {}
            // The tag of the request: see `query_id`.
            "log_comment" => {}
            _ if self.settings.len() == MOST_SETTINGS => {
                return Err(Exception::bad_arguments("too many settings in one request"));
            }
            _ => self.settings.push((name.to_owned(), value.to_owned())),
        }
        Ok(())
    }

    fn take_headers(&mut self, headers: &HeaderMap) {
        let text = |name: &str| headers.get(name)?.to_str().ok().map(str::to_owned);
        if self.query_id.is_empty() {
            self.query_id = text("x-clickhouse-query-id").unwrap_or_default();
        }
        self.database = text("x-clickhouse-database").or(self.database.take());
        self.default_format = text("x-clickhouse-format").or(self.default_format.take());
        self.content_encoding = text("content-encoding").filter(|name| !name.is_empty());
    }
}

fn is_true(value: &str) -> bool {
    matches!(value, "1" | "true")
}

/// As on a server: an hour at most.
fn session_timeout(value: &str) -> Result<u64, Exception> {
    match value.parse() {
        Ok(seconds) if seconds <= 3_600 => Ok(seconds),
        _ => Err(Exception::bad_arguments("`session_timeout` must be at most 3600 seconds")),
    }
}
