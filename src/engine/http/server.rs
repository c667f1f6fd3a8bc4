//! Connections: from an open port or from inside the process.

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use hyper::rt::{Read, Write};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::auth::Guest;
use super::flushes::Flushes;
use super::response::Served;
use super::strangers::{self, Strangers};
use super::{Access, handle};
use crate::engine::Engine;

/// How long running requests may go on after the signal to stop.
const GRACE: Duration = Duration::from_secs(5);

/// Accepts connections until `stop` completes, then lets the running requests end.
pub async fn serve(engine: &Engine, listener: TcpListener, access: Access, stop: impl Future<Output = ()>) {
    let strangers = Strangers::default();
    let (stopping, stopped) = watch::channel(());
    let mut connections = JoinSet::new();
    let mut stop = pin!(stop);
    loop {
        let accepted = tokio::select! {
            () = &mut stop => break,
            _ = connections.join_next(), if !connections.is_empty() => continue,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, _)) => {
                let _ = stream.set_nodelay(true);
                let (engine, mut stopped) = (engine.clone(), stopped.clone());
                let (place, farewell) = strangers.enter();
                let guest = Guest { access: access.clone(), place };
                connections.spawn(async move {
                    let stop = async move { _ = stopped.changed().await };
                    let connection = connection(engine, Some(guest), TokioIo::new(stream), stop);
                    tokio::select! {
                        () = connection => {}
                        () = farewell.said(strangers::PATIENCE) => {}
                    }
                });
            }
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
    drop(listener);
    drop(stopping);
    let ended = tokio::time::timeout(GRACE, async { while connections.join_next().await.is_some() {} }).await;
    if ended.is_err() {
        // Whatever still runs loses its connection, and with that its statement.
        connections.shutdown().await;
    }
}

/// Serves one connection of this process to itself: no port, no token.
pub async fn serve_connection(engine: Engine, io: impl Read + Write + Unpin + Send + 'static) {
    connection(engine, None, io, std::future::pending()).await;
}

async fn connection(
    engine: Engine,
    guest: Option<Guest>,
    io: impl Read + Write + Unpin + Send + 'static,
    stop: impl Future<Output = ()>,
) {
    let flushes = Flushes::default();
    let io = flushes.watch(io);
    let service = service_fn(move |request| {
        let (engine, guest, flushes) = (engine.clone(), guest.clone(), flushes.clone());
        async move { Served::Ok(handle(engine, guest, flushes, request).await) }
    });
    let mut connection = pin!(
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(Duration::from_secs(20))
            .max_buf_size(2 * 1024 * 1024)
            .serve_connection(io, service)
    );
    let served = tokio::select! {
        served = connection.as_mut() => served,
        () = stop => {
            connection.as_mut().graceful_shutdown();
            connection.as_mut().await
        }
    };
    // A client that leaves early is no event; its statement is cancelled where the answer is dropped.
    if let Err(error) = served {
        tracing::debug!(%error, "connection ended");
    }
}
