//! ClickHouse's HTTP interface over the engine.
//!
//! ```text
//! auth      Host and token of an open port     request, multipart  what is asked
//! reading   what a lesser token may ask        origin              the web page that may ask
//! upload    the body for a blocking reader     content_encoding    its compression
//! lexer     tokens of a statement              statement           how it is to be run
//! worker    one statement on its way           execute             runs it: insert, select or another
//! formats   how a result's chunks go together  sessions            connections kept by name
//! running   KILL when the client has gone      flushes             whether answers have left
//! response  answers                            server, strangers   connections, with a token or without one yet
//! ```

mod auth;
mod content_encoding;
mod execute;
mod flushes;
mod formats;
mod insert;
mod lexer;
mod multipart;
mod origin;
mod reading;
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
use hyper::http::request::Parts;
use hyper::{Method, StatusCode};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

pub use auth::Access;
pub use reading::{Reader, Readers, Reading};
pub use server::{serve, serve_connection};

use super::Engine;
use super::exception::Exception;
use auth::{Guest, Pass};
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
    reading: Arc<Semaphore>,
    sessions: Sessions,
    running: Mutex<HashSet<String>>,
}

impl Default for Requests {
    fn default() -> Self {
        let slots = Arc::new(Semaphore::new(MOST_AT_ONCE));
        let reading = Arc::new(Semaphore::new(reading::MOST_READING));
        Self { slots, reading, sessions: Sessions::default(), running: Mutex::default() }
    }
}

/// Answers one request.
async fn handle(
    engine: Engine,
    guest: Option<Guest>,
    flushes: Flushes,
    request: hyper::Request<Incoming>,
) -> Reply {
    let (parts, body) = request.into_parts();
    let allowed = guest.as_ref().and_then(|guest| guest.access.origin.as_ref());
    let origin = origin::of(&parts, allowed);
    let result = match &origin {
        Some(_) if parts.method == Method::OPTIONS => Ok(origin::preflight(&parts)),
        _ => route(&engine, guest.as_ref(), flushes, parts, body).await,
    };
    let mut reply =
        result.unwrap_or_else(|exception| response::failure(&exception, &engine.identity().version));
    if let Some(origin) = origin {
        origin::admit(reply.headers_mut(), origin);
    }
    reply
}

async fn route(
    engine: &Engine,
    guest: Option<&Guest>,
    flushes: Flushes,
    parts: Parts,
    body: Incoming,
) -> Result<Reply, Exception> {
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
    let pass = match guest {
        Some(guest) => guest.check_token(&parts).await?,
        None => Pass::Owner,
    };
    if let Pass::Reader(reader) = pass {
        let _place = enter(&engine.0.requests.reading).await?;
        let mut request = reading::request(&reader, &parts, body).await?;
        request.query_id = random_id();
        return run(engine, request, Upload::empty(), flushes).await;
    }
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
    let slot = enter(&engine.0.requests.slots).await?;
    let running = Running::admit(engine, &request.query_id, slot)?;
    let waiting = Waiting(running.clone());
    let (answer, answered) = oneshot::channel();
    tokio::task::spawn_blocking(move || execute::work(&running, &request, upload, answer));
    let mut reply =
        answered.await.map_err(|_| Exception::internal("the statement ended without an answer"))?;
    if let ReplyBody::Chunks { waiting: place, .. } = reply.body_mut() {
        *place = Some((waiting, flushes));
    }
    Ok(reply)
}

/// Waits for a place.
async fn enter(places: &Arc<Semaphore>) -> Result<OwnedSemaphorePermit, Exception> {
    let closed = |_| Exception::internal("the engine is closed");
    places.clone().acquire_owned().await.map_err(closed)
}

fn random_id() -> String {
    random_tag() + &random_tag()
}

/// 16 random hexadecimal digits, which no answer holds by chance.
fn random_tag() -> String {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).expect("the system has random bytes");
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
