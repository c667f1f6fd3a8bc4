//! The HTTP client for servers: as the `clickhouse` crate's own, but without waiting for acknowledgements, and with the
//! certificate authorities that this machine trusts.

use std::time::Duration;

use clickhouse::Client;
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

/// Proxies forget connections that say nothing.
const TCP_KEEPALIVE: Duration = Duration::from_secs(60);

/// Shorter than a server keeps an idle connection, which is 3 seconds.
const POOL_IDLE_TIMEOUT: Duration = Duration::from_secs(2);

/// A client that speaks the URL's scheme.
pub fn client(url: &str) -> Client {
    let mut tcp = HttpConnector::new();
    tcp.set_keepalive(Some(TCP_KEEPALIVE));
    // An insert is sent in several small pieces. Otherwise the last of them waits 40 ms for the server's delayed
    // acknowledgement of the one before.
    tcp.set_nodelay(true);
    let mut builder = legacy::Client::builder(TokioExecutor::new());
    let builder = builder.pool_idle_timeout(POOL_IDLE_TIMEOUT);
    let client = match url.starts_with("https:") {
        true => {
            tcp.enforce_http(false);
            // A machine without authorities of its own, such as a bare container, gets those that browsers trust.
            let tls = HttpsConnectorBuilder::new()
                .with_native_roots()
                .unwrap_or_else(|_| HttpsConnectorBuilder::new().with_webpki_roots());
            Client::with_http_client(builder.build(tls.https_only().enable_http1().wrap_connector(tcp)))
        }
        false => Client::with_http_client(builder.build(tcp)),
    };
    client.with_url(url)
}
