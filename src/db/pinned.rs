//! Connections that all reach one server: each new one is asked who answers before a statement goes through it. A load
//! balancer that keeps a connection where it is cannot send a swap to another replica then.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::future::BoxFuture;
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::header::{CONNECTION, HOST};
use hyper::rt::{Read, Write};
use hyper::{Request, Uri};
use tower_service::Service;

use super::place::Place;
use crate::sql;

/// Connections that are tried until one reaches the right server. A balancer of three that deals them out by chance
/// misses it once in 25 times, and then the statement is tried again.
const SEARCH: usize = 8;

/// The longest wait for a server to say who it is.
const LONGEST_ANSWER: Duration = Duration::from_secs(10);

type BoxError = Box<dyn Error + Send + Sync>;

/// The server that a run keeps to, and as whom it is asked.
#[derive(Clone)]
pub(super) struct Pin {
    pub place: Place,
    pub url: Uri,
    pub user: String,
    pub password: String,
}

/// A connector, with a pin or without.
#[derive(Clone)]
pub(super) struct Pinned<C> {
    connector: C,
    pin: Option<Arc<Pin>>,
}

/// Every connection reached another server.
#[derive(Debug)]
pub(super) struct Elsewhere {
    found: String,
    wanted: String,
}

impl fmt::Display for Elsewhere {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Elsewhere { found, wanted } = self;
        write!(formatter, "host `{found}` answers now, and this run began on `{wanted}`")
    }
}

impl Error for Elsewhere {}

/// The first cause that says that another server answers.
pub(super) fn elsewhere_in<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a Elsewhere> {
    std::iter::successors(Some(error), |error| (*error).source()).find_map(|error| error.downcast_ref())
}

impl<C> Pinned<C> {
    pub(super) fn new(connector: C, pin: Option<Pin>) -> Pinned<C> {
        Pinned { connector, pin: pin.map(Arc::new) }
    }
}

impl<C> Service<Uri> for Pinned<C>
where
    C: Service<Uri> + Clone + Send + 'static,
    C::Response: Read + Write + Unpin + Send + 'static,
    C::Error: Into<BoxError> + Send,
    C::Future: Send + 'static,
{
    type Response = C::Response;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<C::Response, BoxError>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.connector.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let mut connector = self.connector.clone();
        let Some(pin) = self.pin.clone() else {
            let connecting = self.connector.call(uri);
            return Box::pin(async { connecting.await.map_err(Into::into) });
        };
        Box::pin(async move {
            let mut found = Place::default();
            for _ in 0..SEARCH {
                let connection = connector.call(uri.clone()).await.map_err(Into::into)?;
                let answer = tokio::time::timeout(LONGEST_ANSWER, pin.ask(connection));
                match answer.await? {
                    Ok((connection, place)) if place == pin.place => return Ok(connection),
                    Ok((_, place)) => found = place,
                    Err(error) => return Err(error),
                }
            }
            Err(Elsewhere { found: found.host_name, wanted: pin.place.host_name.clone() }.into())
        })
    }
}

impl Pin {
    /// Asks who is at the other end, and gives the connection back.
    async fn ask<T: Read + Write + Unpin + Send + 'static>(
        &self,
        connection: T,
    ) -> Result<(T, Place), BoxError> {
        let (mut sender, driver) = http1::handshake(connection).await?;
        let request = self.question()?;
        let asking = async move {
            let response = sender.send_request(request).await?;
            let (head, body) = response.into_parts();
            Ok::<_, hyper::Error>((head, body.collect().await?.to_bytes()))
        };
        let (answer, parts) = tokio::join!(asking, driver.without_shutdown());
        let (head, body) = answer?;
        let text = String::from_utf8_lossy(&body);
        if !head.status.is_success() {
            return Err(text.into_owned().into());
        }
        if head.headers.get(CONNECTION).is_some_and(|it| it.as_bytes().eq_ignore_ascii_case(b"close")) {
            return Err(
                "the connection is closed behind each answer, so no run can keep to one server".into()
            );
        }
        let (host_name, server_id) = text.trim_end().split_once('\t').ok_or("no host name")?;
        let place = Place { host_name: host_name.to_owned(), server_id: server_id.to_owned() };
        Ok((parts?.io, place))
    }

    fn question(&self) -> Result<Request<Full<Bytes>>, hyper::http::Error> {
        let text = format!("{}\nFORMAT TabSeparated", sql::WHICH_SERVER.text.trim_end());
        let path = self.url.path_and_query().map_or("/", |path| path.as_str());
        Request::post(path)
            .header(HOST, self.url.authority().map_or("", |authority| authority.as_str()))
            .header("X-ClickHouse-User", &self.user)
            .header("X-ClickHouse-Key", &self.password)
            .body(Full::from(text))
    }
}
