//! `aiviews serve`: the embedded engine on a loopback port, for any ClickHouse client.

use std::future::Future;
use std::io::Write;
use std::net::Ipv4Addr;
use std::pin::pin;

use anyhow::Context;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::oneshot;

use crate::engine::Engine;

/// What ended the server; the caller makes its exit code of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stopped {
    /// SIGINT.
    Interrupted,
    /// SIGTERM.
    Terminated,
}

/// Serves until SIGINT or SIGTERM. Running requests get some seconds to end; a second signal ends them at once.
///
/// Without a token one is made and printed, once.
pub async fn run(engine: &Engine, port: u16, token: Option<String>) -> anyhow::Result<Stopped> {
    let mut signals = Signals::listen()?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.with_context(|| {
        format!("cannot listen on port {port} of 127.0.0.1\nhint: choose another one with --port")
    })?;
    let url = format!("http://{}", listener.local_addr()?);
    let (token, made) = match token.filter(|token| !token.is_empty()) {
        Some(token) => (token, false),
        None => (make_token()?, true),
    };
    let (stop, stopping) = oneshot::channel::<()>();
    let serving = engine.serve(listener, &token, async { _ = stopping.await }).context("cannot serve")?;
    tell(&format!("serving {} at {url}", engine.data_dir().display()));
    if made {
        tell(&format!("token: {token}"));
    }
    let stopped = until_stopped(serving, stop, &mut signals).await?;
    engine.stop_queries().context("cannot end the running statements")?;
    Ok(stopped)
}

async fn until_stopped(
    serving: impl Future<Output = std::io::Result<()>>,
    stop: oneshot::Sender<()>,
    signals: &mut Signals,
) -> anyhow::Result<Stopped> {
    let mut serving = pin!(serving);
    let stopped = tokio::select! {
        served = serving.as_mut() => {
            served.context("cannot serve")?;
            anyhow::bail!("the server ended by itself")
        }
        signal = signals.next() => signal,
    };
    tell("stopping");
    drop(stop);
    tokio::select! {
        served = serving => served.context("cannot serve")?,
        _ = signals.next() => {}
    }
    Ok(stopped)
}

/// Lines for the person at the terminal; nobody has to read them.
fn tell(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// 32 random bytes in hexadecimal.
fn make_token() -> anyhow::Result<String> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).context("the system has no random bytes for a token")?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn listen() -> anyhow::Result<Self> {
        let listen = |kind| signal(kind).context("cannot listen for signals");
        Ok(Self { interrupt: listen(SignalKind::interrupt())?, terminate: listen(SignalKind::terminate())? })
    }

    async fn next(&mut self) -> Stopped {
        tokio::select! {
            _ = self.interrupt.recv() => Stopped::Interrupted,
            _ = self.terminate.recv() => Stopped::Terminated,
        }
    }
}
