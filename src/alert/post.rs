//! A message over HTTP: to an address that passed the wall, and to no other, whatever the answer says.

use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use chrono::DateTime;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::{Method, Request, Response, StatusCode, Uri};
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;
use url::Url;

use super::secret::Secret;
use super::undelivered::Undelivered;
use super::wall::Wall;
use crate::exit::ExitCode;

/// How long connecting may take.
const LONGEST_CONNECTING: Duration = Duration::from_secs(10);
/// How long an answer may take, the request included.
pub const LONGEST_ANSWER: Duration = Duration::from_secs(20);
/// What is read of an answer.
const LONGEST_BODY: usize = 4096;
/// Of an answer's words those are shown that are codes, as Slack's: nothing that could be a part of the address.
const LONGEST_CODE: usize = 40;

/// Posts JSON. Neither the address nor a header is in any error: only the host is.
pub async fn post(
    wall: Wall,
    url: &Secret,
    headers: &[(&str, String)],
    body: String,
    limit: Duration,
) -> Result<(), Undelivered> {
    let (address, host, port) = parse(wall, url)?;
    let addresses = wall.addresses(&host, port).await?;
    let mut request = Request::builder()
        .method(Method::POST)
        .uri(address)
        .header("content-type", "application/json")
        .header("user-agent", concat!("aiviews/", env!("CARGO_PKG_VERSION")));
    for (name, value) in headers {
        request = request.header(*name, value);
    }
    let request =
        request.body(Full::new(Bytes::from(body))).map_err(|_| wrong("the address has odd characters"))?;
    let tls = HttpsConnectorBuilder::new()
        .with_native_roots()
        .unwrap_or_else(|_| HttpsConnectorBuilder::new().with_webpki_roots());
    let connector = tls.https_or_http().enable_http1().wrap_connector(Judged(addresses));
    let client: Client<_, Full<Bytes>> = Client::builder(TokioExecutor::new()).build(connector);
    let answer = match tokio::time::timeout(limit, client.request(request)).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(error)) if error.is_connect() => {
            let message = format!("cannot connect to `{host}`: {}", causes(&error));
            return Err(Undelivered::later(
                message,
                "check the address, and that no firewall stands between",
            ));
        }
        Ok(Err(error)) => return Err(unknown(&host, &causes(&error))),
        Err(_) => return Err(unknown(&host, &format!("no answer within {} s", limit.as_secs_f32()))),
    };
    judge(&host, answer).await
}

fn parse(wall: Wall, url: &Secret) -> Result<(Uri, String, u16), Undelivered> {
    let parsed =
        Url::parse(url.reveal()).map_err(|error| wrong(&format!("the address is no URL: {error}")))?;
    match parsed.scheme() {
        "https" => {}
        "http" if wall == Wall::Open => {}
        "http" => {
            return Err(wrong(
                "http would carry the message in the clear: use https, or add --allow-private",
            ));
        }
        _ => return Err(wrong("the address begins neither with https nor with http")),
    }
    if !parsed.username().is_empty() || parsed.password().is_some() {
        return Err(wrong("the address holds a user or a password"));
    }
    let (Some(host), Some(port)) = (parsed.host_str(), parsed.port_or_known_default()) else {
        return Err(wrong("the address names no host"));
    };
    let uri = parsed.as_str().split('#').next().unwrap_or_default().parse();
    let uri = uri.map_err(|_| wrong("the address has odd characters"))?;
    Ok((uri, host.to_owned(), port))
}

fn wrong(what: &str) -> Undelivered {
    Undelivered::refused(
        ExitCode::Usage,
        what,
        "set the variable or the file that the config of the alerts names",
    )
}

fn unknown(host: &str, why: &str) -> Undelivered {
    let hint = "it may have arrived: the next try has the same id";
    Undelivered::unknown(format!("`{host}` did not confirm the message: {why}"), hint)
}

/// What went wrong, without the address.
fn causes(error: &dyn std::error::Error) -> String {
    let mut text = String::new();
    let mut source = error.source();
    while let Some(cause) = source {
        text = cause.to_string();
        source = cause.source();
    }
    let text = if text.is_empty() { "the connection broke".to_owned() } else { text };
    crate::output::printable(&text.chars().take(200).collect::<String>())
}

async fn judge(host: &str, answer: Response<Incoming>) -> Result<(), Undelivered> {
    let status = answer.status();
    if status.is_success() {
        return Ok(());
    }
    let rest = retry_after(&answer);
    let read = Limited::new(answer.into_body(), LONGEST_BODY).collect();
    let body = tokio::time::timeout(LONGEST_ANSWER, read).await;
    let body = body.ok().and_then(Result::ok).map(|body| body.to_bytes()).unwrap_or_default();
    let message = format!("`{host}` answered {}{}", status.as_u16(), code_in(&body));
    if is_passing(status) {
        let hint = "what passes by itself is tried again";
        return Err(Undelivered::later(message, hint).not_before(rest));
    }
    Err(Undelivered::refused(
        if matches!(status.as_u16(), 401 | 403) { ExitCode::AccessDenied } else { ExitCode::Failed },
        message,
        "check the address with whoever runs that webhook",
    ))
}

fn is_passing(status: StatusCode) -> bool {
    status.is_server_error() || matches!(status.as_u16(), 408 | 425 | 429)
}

/// `: invalid_payload`, where the answer is one such word.
fn code_in(body: &[u8]) -> String {
    let word = std::str::from_utf8(body).unwrap_or_default().trim();
    let is_code = word.bytes().all(|letter| letter.is_ascii_lowercase() || letter == b'_');
    match is_code && (1..=LONGEST_CODE).contains(&word.len()) {
        true => format!(": {word}"),
        false => String::new(),
    }
}

/// Seconds, or a date, by the other side's own clock.
fn retry_after(answer: &Response<Incoming>) -> Option<Duration> {
    let header = |name: &str| answer.headers().get(name)?.to_str().ok();
    let wanted = header("retry-after")?.trim();
    let seconds = wanted.parse().ok().or_else(|| {
        let moment = |text: &str| DateTime::parse_from_rfc2822(text).ok();
        (moment(wanted)? - moment(header("date")?)?).num_seconds().try_into().ok()
    })?;
    // A century is a slip of the hand.
    Some(Duration::from_secs(std::cmp::min(seconds, 24 * 3600)))
}

/// Connects to addresses that passed the wall, whatever the name says by now.
#[derive(Clone)]
struct Judged(Vec<SocketAddr>);

impl tower_service::Service<Uri> for Judged {
    type Response = TokioIo<TcpStream>;
    type Error = std::io::Error;
    type Future = Pin<Box<dyn Future<Output = std::io::Result<Self::Response>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        let addresses = self.0.clone();
        Box::pin(async move {
            match tokio::time::timeout(LONGEST_CONNECTING, TcpStream::connect(&addresses[..])).await {
                Ok(stream) => stream.map(TokioIo::new),
                Err(_) => Err(std::io::ErrorKind::TimedOut.into()),
            }
        })
    }
}
