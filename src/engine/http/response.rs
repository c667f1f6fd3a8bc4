//! Answers: their headers, and a body that comes in one piece or chunk by chunk.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::body::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{HeaderMap, Response, StatusCode};
use tokio::sync::mpsc;
use tokio::time::Sleep;

use super::flushes::Flushes;
use super::running::Waiting;
use crate::engine::Identity;
use crate::engine::exception::Exception;
use crate::engine::libchdb::Counters;

/// Chunks between the engine and the network; one can be large.
const QUEUE: usize = 1;

/// How often it is looked whether the last bytes of a broken result have left.
const PARTING: Duration = Duration::from_millis(5);

/// An answer to one request.
pub type Reply = Response<ReplyBody>;

/// The body of an answer.
pub enum ReplyBody {
    /// In one piece, with its length told.
    Whole(Bytes),
    /// Chunks of a running statement, which is killed if the body is dropped before its end.
    Chunks { chunks: mpsc::Receiver<Chunk>, waiting: Option<(Waiting, Flushes)> },
    /// After a failure in mid-result: once all is sent the connection is cut, so that no reader takes the
    /// result for complete.
    Parting { sleep: Pin<Box<Sleep>>, flushes: Flushes, before: u64 },
}

/// A piece of a streamed body.
pub enum Chunk {
    /// Bytes of the answer in its format.
    Rows(Bytes),
    /// The exception that ends them.
    Exception(Bytes),
}

impl Body for ReplyBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        match &mut *self {
            Self::Whole(bytes) if bytes.is_empty() => Poll::Ready(None),
            Self::Whole(bytes) => Poll::Ready(Some(Ok(Frame::data(std::mem::take(bytes))))),
            Self::Chunks { chunks, waiting } => match std::task::ready!(chunks.poll_recv(context)) {
                Some(Chunk::Rows(bytes)) => Poll::Ready(Some(Ok(Frame::data(bytes)))),
                Some(Chunk::Exception(bytes)) => {
                    let flushes = waiting.take().map(|(_, flushes)| flushes).unwrap_or_default();
                    let (sleep, before) = (Box::pin(tokio::time::sleep(PARTING)), flushes.count());
                    *self = Self::Parting { sleep, flushes, before };
                    Poll::Ready(Some(Ok(Frame::data(bytes))))
                }
                None => Poll::Ready(None),
            },
            Self::Parting { sleep, flushes, before } => {
                while flushes.count() == *before {
                    std::task::ready!(sleep.as_mut().poll(context));
                    sleep.set(tokio::time::sleep(PARTING));
                }
                Poll::Ready(Some(Err(io::Error::other("the statement failed in the middle of its result"))))
            }
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(bytes) => SizeHint::with_exact(bytes.len() as u64),
            _ => SizeHint::default(),
        }
    }
}

/// An answer in one piece.
pub fn whole(status: StatusCode, body: impl Into<Bytes>) -> Reply {
    let mut reply = Response::new(ReplyBody::Whole(body.into()));
    *reply.status_mut() = status;
    put(reply.headers_mut(), CONTENT_TYPE.as_str(), "text/plain; charset=UTF-8");
    reply
}

/// An answer that begins; the sender's end feeds it.
pub fn chunks(tag: &str) -> (mpsc::Sender<Chunk>, Reply) {
    let (sender, chunks) = mpsc::channel(QUEUE);
    let mut reply = Response::new(ReplyBody::Chunks { chunks, waiting: None });
    put(reply.headers_mut(), "x-clickhouse-exception-tag", tag);
    (sender, reply)
}

/// A failure before any row was sent.
pub fn failure(exception: &Exception, version: &str) -> Reply {
    let mut reply = whole(exception.status(), exception.with_version(version));
    put(reply.headers_mut(), "x-clickhouse-exception-code", &exception.code.to_string());
    reply
}

/// A failure after rows were sent, as the end of the body.
pub fn trailer(exception: &Exception, version: &str, tag: &str) -> Chunk {
    let text = exception.with_version(version);
    let length = text.len();
    let bytes = format!("\r\n__exception__\r\n{tag}\r\n{text}{length} {tag}\r\n__exception__\r\n");
    Chunk::Exception(bytes.into())
}

/// The headers that every answer to a statement has.
pub fn describe(reply: &mut Reply, identity: &Identity, query_id: &str) {
    let headers = reply.headers_mut();
    put(headers, "x-clickhouse-query-id", query_id);
    put(headers, "x-clickhouse-server-display-name", &identity.host);
    put(headers, "x-clickhouse-timezone", &identity.timezone);
}

/// Names the format of a result and its media type.
pub fn describe_format(reply: &mut Reply, format: &str) {
    let lower = format.to_ascii_lowercase();
    let media_type = match lower.as_str() {
        "json" | "jsoncompact" | "jsonstrings" | "jsoncolumns" => "application/json; charset=UTF-8",
        _ if lower.ends_with("eachrow") || lower == "ndjson" => "application/x-ndjson; charset=UTF-8",
        _ if lower.starts_with("csv") => "text/csv; charset=UTF-8; header=absent",
        _ if lower.starts_with("tsv") || lower.starts_with("tabseparated") => {
            "text/tab-separated-values; charset=UTF-8"
        }
        _ if lower.starts_with("rowbinary") || matches!(lower.as_str(), "native" | "parquet" | "msgpack") => {
            "application/octet-stream"
        }
        _ => "text/plain; charset=UTF-8",
    };
    put(reply.headers_mut(), CONTENT_TYPE.as_str(), media_type);
    put(reply.headers_mut(), "x-clickhouse-format", format);
}

/// What the statement has done so far, as clients read it.
pub fn summarize(reply: &mut Reply, counters: Counters, elapsed: Duration) {
    let summary = serde_json::json!({
        "read_rows": counters.rows_read.to_string(),
        "read_bytes": counters.bytes_read.to_string(),
        "written_rows": counters.rows_written.to_string(),
        "written_bytes": counters.bytes_written.to_string(),
        "total_rows_to_read": "0",
        "result_rows": counters.rows_returned.max(counters.rows_written).to_string(),
        "result_bytes": "0",
        "elapsed_ns": elapsed.as_nanos().to_string(),
    });
    put(reply.headers_mut(), "x-clickhouse-summary", &summary.to_string());
}

/// A name that nobody can put into a header cannot be echoed: it is left out.
fn put(headers: &mut HeaderMap, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

/// For hyper, which wants a service that may fail.
pub type Served = Result<Reply, Infallible>;
