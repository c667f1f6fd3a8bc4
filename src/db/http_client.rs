//! The HTTP client for servers: as the `clickhouse` crate's own, but without waiting for acknowledgements, and with the
//! certificate authorities that this machine trusts. Beside it a ping, which asks whether the server lives.

use std::sync::Arc;
use std::time::Duration;

use clickhouse::Client;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use http_body_util::Empty;
use hyper::body::Bytes;
use hyper::{StatusCode, Uri};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::{Connect, HttpConnector};
use hyper_util::rt::TokioExecutor;

use super::pinned::{Pin, Pinned};
use super::place::Place;

/// Proxies forget connections that say nothing, and a server that lost its power says nothing for ever.
const TCP_KEEPALIVE: Duration = Duration::from_secs(15);
const TCP_KEEPALIVE_INTERVAL: Duration = Duration::from_secs(5);
const TCP_KEEPALIVE_PROBES: u32 = 3;

/// Long enough for a second try of the system's own, which comes after one.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// Shorter than a server keeps an idle connection, which is 3 seconds.
const POOL_IDLE_TIMEOUT: Duration = Duration::from_secs(2);

/// Asks a server whether it lives, without a user and whatever its queue.
#[derive(Clone)]
pub struct Ping(Arc<dyn Fn() -> BoxFuture<'static, bool> + Send + Sync>);

impl Ping {
    fn over<C: Connect + Clone + Send + Sync + 'static>(
        client: legacy::Client<C, Empty<Bytes>>,
        url: &str,
    ) -> Ping {
        let address: Option<Uri> = format!("{}/ping", url.trim_end_matches('/')).parse().ok();
        Ping(Arc::new(move || {
            let (client, address) = (client.clone(), address.clone());
            async move {
                let Some(address) = address else { return true };
                client.get(address).await.is_ok_and(|answer| !is_of_a_gateway(answer.status()))
            }
            .boxed()
        }))
    }

    /// Whether an answer comes within this time.
    pub async fn is_answered_within(&self, limit: Duration) -> bool {
        tokio::time::timeout(limit, (self.0)()).await.unwrap_or(false)
    }
}

/// Something in between answers for a server that does not.
fn is_of_a_gateway(status: StatusCode) -> bool {
    matches!(status, StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT)
}

/// A server's address, and as whom to speak to it.
#[derive(Clone)]
pub struct Dial {
    /// Without user, password or parameters.
    pub url: String,
    /// User name.
    pub user: String,
    /// Password; none is not sent.
    pub password: String,
    /// Database; none is the user's own.
    pub database: Option<String>,
}

impl Dial {
    /// A client that speaks the URL's scheme, and the ping to the same server.
    pub fn client(&self) -> (Client, Ping) {
        self.connected(None)
    }

    /// A client all of whose connections reach this server.
    pub(super) fn pinned(&self, place: &Place) -> Option<Client> {
        let (place, url) = (place.clone(), self.url.parse().ok()?);
        let pin = Pin { place, url, user: self.user.clone(), password: self.password.clone() };
        Some(self.connected(Some(pin)).0)
    }

    fn connected(&self, pin: Option<Pin>) -> (Client, Ping) {
        let mut builder = legacy::Client::builder(TokioExecutor::new());
        let builder = builder.pool_idle_timeout(POOL_IDLE_TIMEOUT);
        let (client, ping) = match self.url.starts_with("https:") {
            true => {
                let client = Client::with_http_client(builder.build(Pinned::new(over_tls(), pin)));
                (client, Ping::over(builder.build(over_tls()), &self.url))
            }
            false => {
                let client = Client::with_http_client(builder.build(Pinned::new(over_tcp(), pin)));
                (client, Ping::over(builder.build(over_tcp()), &self.url))
            }
        };
        let client = client.with_url(&self.url).with_user(&self.user);
        let client = if self.password.is_empty() { client } else { client.with_password(&self.password) };
        let client = match &self.database {
            Some(database) => client.with_database(database),
            None => client,
        };
        (client, ping)
    }
}

fn over_tcp() -> HttpConnector {
    let mut tcp = HttpConnector::new();
    tcp.set_keepalive(Some(TCP_KEEPALIVE));
    tcp.set_keepalive_interval(Some(TCP_KEEPALIVE_INTERVAL));
    tcp.set_keepalive_retries(Some(TCP_KEEPALIVE_PROBES));
    tcp.set_connect_timeout(Some(CONNECT_TIMEOUT));
    // An insert is sent in several small pieces. Otherwise the last of them waits 40 ms for the server's delayed
    // acknowledgement of the one before.
    tcp.set_nodelay(true);
    tcp
}

fn over_tls() -> HttpsConnector<HttpConnector> {
    let mut tcp = over_tcp();
    tcp.enforce_http(false);
    // A machine without authorities of its own, such as a bare container, gets those that browsers trust.
    let tls = HttpsConnectorBuilder::new()
        .with_native_roots()
        .unwrap_or_else(|_| HttpsConnectorBuilder::new().with_webpki_roots());
    tls.https_only().enable_http1().wrap_connector(tcp)
}
