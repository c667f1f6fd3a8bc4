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
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::{Connect, HttpConnector};
use hyper_util::rt::TokioExecutor;

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

/// A client that speaks the URL's scheme, and the ping to the same server.
pub fn client(url: &str) -> (Client, Ping) {
    let mut tcp = HttpConnector::new();
    tcp.set_keepalive(Some(TCP_KEEPALIVE));
    tcp.set_keepalive_interval(Some(TCP_KEEPALIVE_INTERVAL));
    tcp.set_keepalive_retries(Some(TCP_KEEPALIVE_PROBES));
    tcp.set_connect_timeout(Some(CONNECT_TIMEOUT));
    // An insert is sent in several small pieces. Otherwise the last of them waits 40 ms for the server's delayed
    // acknowledgement of the one before.
    tcp.set_nodelay(true);
    let mut builder = legacy::Client::builder(TokioExecutor::new());
    let builder = builder.pool_idle_timeout(POOL_IDLE_TIMEOUT);
    let (client, ping) = match url.starts_with("https:") {
        true => {
            tcp.enforce_http(false);
            // A machine without authorities of its own, such as a bare container, gets those that browsers trust.
            let tls = HttpsConnectorBuilder::new()
                .with_native_roots()
                .unwrap_or_else(|_| HttpsConnectorBuilder::new().with_webpki_roots());
            let tls = tls.https_only().enable_http1().wrap_connector(tcp);
            (Client::with_http_client(builder.build(tls.clone())), Ping::over(builder.build(tls), url))
        }
        false => (Client::with_http_client(builder.build(tcp.clone())), Ping::over(builder.build(tcp), url)),
    };
    (client.with_url(url), ping)
}
