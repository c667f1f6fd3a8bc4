//! The HTTP face: the token is checked before the protocol sees a byte, and each request brings its own caller.
//!
//! There are no sessions. What the protocol calls the id of one is the name of a conversation here, for the log and for
//! cancelling: it is given with the first answer, kept by the client, and opens nothing.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::body::Incoming;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue, WWW_AUTHENTICATE};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use rmcp::ServerHandler;
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use serde::Deserialize;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use super::server::Session;
use super::talk::CONVERSATION;
use super::{Caller, Door, Tokens};
use crate::exit::stop::Stop;

/// Where the protocol is served.
const PATH: &str = "/mcp";
/// The largest request, in bytes.
const LARGEST_REQUEST: usize = 256 * 1024;
/// Connections at once.
const MOST_CONNECTIONS: usize = 200;
/// How long a client may take to send its headers.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);
/// How long it may take to send the rest.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);

type Body = BoxBody<Bytes, Infallible>;

/// Serves until the stop is asked for.
pub async fn serve(door: Door, tokens: Tokens, listener: TcpListener, stop: &Stop) {
    let session = Session::new(door.clone(), None);
    serve_handler(session, Some(door), tokens, listener, stop).await;
}

/// Serves whatever speaks the protocol. Tests put the sample server of the protocol's own suite behind this face.
pub async fn serve_handler<S: ServerHandler + Clone + Send + Sync + 'static>(
    handler: S,
    door: Option<Door>,
    tokens: Tokens,
    listener: TcpListener,
    stop: &Stop,
) {
    let config = StreamableHttpServerConfig::default()
        .with_legacy_session_mode(false)
        .with_json_response(true)
        // A page of this machine may ask, if it knows a token; no other page.
        .with_allowed_origins(["http://localhost:*", "http://127.0.0.1:*"])
        .enforce_origin_validation()
        .with_max_request_body_bytes(LARGEST_REQUEST);
    let cancellation = config.cancellation_token.clone();
    let service = StreamableHttpService::new(move || Ok(handler.clone()), Arc::default(), config);
    let face = Arc::new(Face { door, tokens, service });
    let connections = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    let accept = async {
        loop {
            let Ok(permit) = connections.clone().acquire_owned().await else { return };
            let Ok((stream, _)) = listener.accept().await else { continue };
            let face = face.clone();
            tokio::spawn(async move {
                let answer = service_fn(|request| {
                    let face = face.clone();
                    async move { Ok::<_, Infallible>(face.answer(request).await) }
                });
                let mut builder = hyper::server::conn::http1::Builder::new();
                builder.timer(TokioTimer::new()).header_read_timeout(HEADER_TIMEOUT);
                // A client that goes away is no error of ours.
                let _ = builder.serve_connection(TokioIo::new(stream), answer).await;
                drop(permit);
            });
        }
    };
    stop.or_done(accept).await;
    cancellation.cancel();
}

struct Face<S> {
    /// Whose calls a notification cancels.
    door: Option<Door>,
    tokens: Tokens,
    service: StreamableHttpService<S, NeverSessionManager>,
}

impl<S: ServerHandler + Send + 'static> Face<S> {
    async fn answer(&self, mut request: Request<Incoming>) -> Response<Body> {
        if request.uri().path() != PATH {
            return plain(StatusCode::NOT_FOUND, "the protocol is served at /mcp\n");
        }
        let Some(caller) = self.caller(&request) else {
            let mut refused = plain(StatusCode::UNAUTHORIZED, "a bearer token is needed\n");
            refused.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            return refused;
        };
        request.headers_mut().remove(AUTHORIZATION);
        let (mut parts, body) = request.into_parts();
        let read = tokio::time::timeout(BODY_TIMEOUT, Limited::new(body, LARGEST_REQUEST).collect()).await;
        let body = match read {
            Ok(Ok(body)) => body.to_bytes(),
            Ok(Err(_)) => return plain(StatusCode::PAYLOAD_TOO_LARGE, "a request has at most 256 KiB\n"),
            Err(_) => return plain(StatusCode::REQUEST_TIMEOUT, "the request takes too long to arrive\n"),
        };
        let message: Message = serde_json::from_slice(&body).unwrap_or_default();
        let conversation = parts.headers.get(CONVERSATION).and_then(|id| id.to_str().ok()).map(str::to_owned);
        if let (Some(door), Some(conversation)) = (&self.door, &conversation)
            && message.method == "notifications/cancelled"
        {
            door.cancel(&caller, conversation, &message.params.request_id.to_string());
        }
        parts.extensions.insert(caller);
        let mut response = self.service.handle(Request::from_parts(parts, Full::new(body))).await;
        if message.method == "initialize"
            && conversation.is_none()
            && let Some(id) = new_conversation()
        {
            response.headers_mut().insert(CONVERSATION, id);
        }
        response
    }

    fn caller(&self, request: &Request<Incoming>) -> Option<Caller> {
        let header = request.headers().get(AUTHORIZATION)?.to_str().ok()?;
        let (scheme, token) = header.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| self.tokens.caller(token.trim()))?
    }
}

/// What is looked at of a message, besides the protocol itself.
#[derive(Default, Deserialize)]
struct Message {
    #[serde(default)]
    method: String,
    #[serde(default)]
    params: Parameters,
}

#[derive(Default, Deserialize)]
struct Parameters {
    #[serde(default, rename = "requestId")]
    request_id: serde_json::Value,
}

/// An id that nobody can guess: who knows it can cancel, with a token of the same name.
fn new_conversation() -> Option<HeaderValue> {
    let mut chance = [0; 16];
    getrandom::fill(&mut chance).ok()?;
    let id: String = chance.iter().map(|byte| format!("{byte:02x}")).collect();
    HeaderValue::from_str(&id).ok()
}

fn plain(status: StatusCode, text: &'static str) -> Response<Body> {
    let mut response = Response::new(Full::new(Bytes::from_static(text.as_bytes())).boxed());
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, hyper::header::HeaderValue::from_static("text/plain"));
    response
}
