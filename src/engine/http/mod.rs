//! ClickHouse's HTTP interface over the engine.
//!
//! ```text
//! access     Host and token of an open port            request, form   what is asked
//! upload     the body for a blocking reader            decode          its compression
//! lexer      tokens of a statement                     statement       how it is to be run
//! worker     runs it: insert, select, or anything else formats         how a result's chunks go together
//! sessions   connections kept by name                  running         KILL when the client has gone
//! reply      answers                                   flushes         whether they have left
//! server     connections, and the open port    strangers       connections that have shown no token yet
//! ```

mod auth;
mod content_encoding;
mod flushes;
mod formats;
mod insert;
mod lexer;
mod multipart;
mod request;
mod response;
mod running;
mod select;
mod server;
mod sessions;
mod statement;
mod strangers;
mod upload;
mod worker;

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use hyper::body::Incoming;
use hyper::{Method, StatusCode};
use tokio::sync::{Semaphore, oneshot};

pub use auth::Access;
pub use server::{serve, serve_connection};

use super::Engine;
use super::exception::Exception;
use auth::Guest;
use flushes::Flushes;
use request::Request;
use response::{Reply, ReplyBody};
use running::{Running, Waiting};
use sessions::Sessions;
use upload::Upload;

/// Statements that run at one time; more wait. The engine itself sets no limit.
const MOST_AT_ONCE: usize = 64;

/// What the requests of an engine share.
pub struct Requests {
    slots: Arc<Semaphore>,
    sessions: Sessions,
    running: Mutex<HashSet<String>>,
}

impl Default for Requests {
    fn default() -> Self {
        let slots = Arc::new(Semaphore::new(MOST_AT_ONCE));
        Self { slots, sessions: Sessions::default(), running: Mutex::default() }
    }
}

/// Answers one request.
async fn handle(
    engine: Engine,
    guest: Option<Guest>,
    flushes: Flushes,
    request: hyper::Request<Incoming>,
) -> Reply {
    let result = route(&engine, guest.as_ref(), flushes, request).await;
    result.unwrap_or_else(|exception| response::failure(&exception, &engine.identity().version))
}

async fn route(
    engine: &Engine,
    guest: Option<&Guest>,
    flushes: Flushes,
    request: hyper::Request<Incoming>,
) -> Result<Reply, Exception> {
    let (parts, body) = request.into_parts();
    guest.map_or(Ok(()), |guest| guest.access.check_host(&parts))?;
    let known = matches!(parts.method, Method::GET | Method::POST | Method::HEAD);
    match parts.uri.path() {
        _ if !known => return Ok(response::whole(StatusCode::METHOD_NOT_ALLOWED, "Method not allowed\n")),
        "/ping" | "/replicas_status" => return Ok(response::whole(StatusCode::OK, "Ok.\n")),
        "/" if parts.method != Method::POST && parts.uri.query().is_none() => {
            return Ok(response::whole(StatusCode::OK, "Ok.\n"));
        }
        "/" => {}
        _ => return Ok(response::whole(StatusCode::NOT_FOUND, "There is no such path\n")),
    }
    guest.map_or(Ok(()), |guest| guest.check_token(&parts))?;
    let mut request = Request::from_parts(&parts)?;
    let upload = match multipart::boundary(&parts.headers) {
        Some(boundary) => {
            let read = tokio::time::timeout(upload::PATIENCE, multipart::read(&mut request, boundary, body));
            read.await.map_err(|_| Exception::bad_arguments("the form takes too long to arrive"))??;
            Upload::empty()
        }
        None => Upload::start(body, upload::PATIENCE),
    };
    if request.query_id.is_empty() {
        request.query_id = random_id();
    }
    run(engine, request, upload, flushes).await
}

/// Hands the statement to a thread and waits for its answer or its first rows.
async fn run(
    engine: &Engine,
    request: Request,
    upload: Upload,
    flushes: Flushes,
) -> Result<Reply, Exception> {
    let closed = |_| Exception::internal("the engine is closed");
    let slot = engine.0.requests.slots.clone().acquire_owned().await.map_err(closed)?;
    let running = Running::admit(engine, &request.query_id, slot)?;
    let waiting = Waiting(running.clone());
    let (answer, answered) = oneshot::channel();
    tokio::task::spawn_blocking(move || worker::work(&running, &request, upload, answer));
    let mut reply =
        answered.await.map_err(|_| Exception::internal("the statement ended without an answer"))?;
    if let ReplyBody::Chunks { waiting: place, .. } = reply.body_mut() {
        *place = Some((waiting, flushes));
    }
    Ok(reply)
}

fn random_id() -> String {
    random_tag() + &random_tag()
}

/// 16 random characters.
fn random_tag() -> String {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).expect("the system has random bytes");
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
