//! The one web page whose scripts may read the answers, if there is one: browsers ask for it (CORS).

use hyper::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, HeaderName, HeaderValue, ORIGIN, VARY,
};
use hyper::http::request::Parts;
use hyper::{HeaderMap, StatusCode};

use super::response::{self, Reply};

/// Headers that a page may send.
const TAKEN: &str = "authorization, content-type, content-encoding, x-clickhouse-user, x-clickhouse-key, \
                     x-clickhouse-database, x-clickhouse-format, x-clickhouse-query-id";
/// Headers that it may read.
const SHOWN: &str = "x-clickhouse-query-id, x-clickhouse-format, x-clickhouse-timezone, x-clickhouse-summary, \
                     x-clickhouse-exception-code, x-clickhouse-exception-tag, x-clickhouse-server-display-name";

const ASKS_FOR_LOOPBACK: HeaderName = HeaderName::from_static("access-control-request-private-network");
const ALLOWS_LOOPBACK: HeaderName = HeaderName::from_static("access-control-allow-private-network");

/// The allowed origin, where the request comes from it.
pub fn of(parts: &Parts, allowed: Option<&HeaderValue>) -> Option<HeaderValue> {
    allowed.filter(|allowed| parts.headers.get(ORIGIN) == Some(allowed)).cloned()
}

/// What a browser asks before it sends anything.
pub fn preflight(parts: &Parts) -> Reply {
    let mut reply = response::whole(StatusCode::NO_CONTENT, "");
    let headers = reply.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, HEAD, POST"));
    headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static(TAKEN));
    headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
    if parts.headers.contains_key(ASKS_FOR_LOOPBACK) {
        headers.insert(ALLOWS_LOOPBACK, HeaderValue::from_static("true"));
    }
    reply
}

/// Lets the page read this answer.
pub fn admit(headers: &mut HeaderMap, origin: HeaderValue) {
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(SHOWN));
    headers.insert(VARY, HeaderValue::from_static("Origin"));
}
