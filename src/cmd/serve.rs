//! `aiviews serve`: the embedded engine on a loopback port, for ClickHouse clients that speak HTTP.

use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result};
use hyper::header::HeaderValue;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use super::{Global, Verb};
use crate::db::connection;
use crate::db::target::Target;
use crate::engine::confine::Confinement;
use crate::engine::{Engine, Entry};
use crate::exit::stop::{Manner, Stop};
use crate::exit::{ExitCode, Failure};
use crate::mcp::Tokens;
use crate::mcp::reader::{self, Clerk};
use crate::output;

/// Arguments of `serve`.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
The token is the password of user `default`. AIVIEWS_TOKEN sets it; else one is made and printed once, on stderr.
A token of the file opens less: SELECT over the summary tables and the views, of its accounts alone.

Examples:
  aiviews serve --port 8123
  aiviews mcp --make-token dashboard --klaviyo-id XqkVGb   a token for one account
  aiviews serve --tokens tokens.txt
  AIVIEWS_TOKEN=secret aiviews serve --port 0")]
pub struct Arguments {
    /// Port on 127.0.0.1; 0 takes a free one
    #[arg(long, default_value_t = 8123)]
    port: u16,
    /// File of tokens that only read: a line has a name, the token's SHA-256, and the accounts or `*`
    #[arg(long, value_name = "FILE")]
    tokens: Option<PathBuf>,
    /// Let scripts of this web page ask (CORS): its scheme, host and port; without it none may
    #[arg(long, value_name = "ORIGIN", value_parser = origin)]
    allow_origin: Option<HeaderValue>,
    /// Knows the tokens of the file; started before there are other threads.
    #[arg(skip)]
    clerk: Mutex<Option<Clerk>>,
}

/// An origin as browsers write it: scheme, host and port alone.
fn origin(text: &str) -> Result<HeaderValue, String> {
    let wrong = || "write scheme, host and port alone, such as https://app.example.com".to_owned();
    let url = url::Url::parse(text).map_err(|_| wrong())?;
    let is_origin = matches!(url.scheme(), "http" | "https") && url.origin().ascii_serialization() == text;
    is_origin.then(|| HeaderValue::from_str(text).ok()).flatten().ok_or_else(wrong)
}

impl Verb for Arguments {
    const MANNER: Manner = Manner::Serves;
}

/// Whoever has the token writes SQL, and the engine's functions reach whatever the process does.
pub(super) fn confine(global: &Global, arguments: &Arguments) -> Result<()> {
    if let Some(file) = &arguments.tokens {
        *arguments.clerk.lock().unwrap_or_else(PoisonError::into_inner) =
            Some(Clerk::start(Tokens::open(file)?)?);
    }
    let Target::Embedded(embedded) = Target::from_options(&global.connect)? else { return Ok(()) };
    match connection::confine(&embedded)? {
        Confinement::Whole => {}
        Confinement::Files => tracing::warn!(
            "this kernel does not confine connections: whoever has the token may try to reach other hosts from here"
        ),
        Confinement::None => tracing::warn!(
            "this system does not confine processes (Landlock): whoever has the token can read files that you can read"
        ),
    }
    Ok(())
}

/// Serves until SIGINT or SIGTERM. Running requests get some seconds to end; a second signal ends them at once.
///
/// `AIVIEWS_TOKEN` sets the token; without it one is made and printed, once.
pub(super) async fn run(global: &Global, arguments: &Arguments, stop: &Stop) -> Result<ExitCode> {
    let Some(embedded) = Target::embedded(&global.connect)? else {
        let failure = Failure::new(ExitCode::Usage, "`serve` serves the embedded engine, not a server");
        return Err(failure.hint("leave out --url and CLICKHOUSE_URL").into());
    };
    let Some(engine) = stop.or_done(connection::open_engine(&embedded)).await else {
        return Err(super::stopped(stop).into());
    };
    let (engine, db) = engine?;
    let port = arguments.port;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(|error| {
        let failure =
            Failure::new(ExitCode::Failed, format!("cannot listen on port {port} of 127.0.0.1: {error}"));
        failure.hint("choose another one with --port; 0 takes a free one")
    })?;
    let mut lines =
        vec![format!("serving {} at http://{}", engine.data_dir().display(), listener.local_addr()?)];
    let token = match std::env::var("AIVIEWS_TOKEN").ok().filter(|token| !token.is_empty()) {
        Some(token) => token,
        None => {
            let token = make_token()?;
            lines.push(format!("token: {token}"));
            token
        }
    };
    let started = || lines.iter().for_each(|line| output::tell(line));
    let clerk = arguments.clerk.lock().unwrap_or_else(PoisonError::into_inner).take();
    let readers = clerk.map(|clerk| reader::readers(clerk, db));
    let entry = Entry { token, readers, origin: arguments.allow_origin.clone() };
    serve_until(&engine, listener, entry, started, stop).await?;
    engine.stop_queries().context("cannot end the running statements")?;
    Ok(stop.code().unwrap_or(ExitCode::Failed))
}

async fn serve_until(
    engine: &Engine,
    listener: TcpListener,
    entry: Entry,
    started: impl FnOnce(),
    stop: &Stop,
) -> Result<()> {
    let (sender, stopping) = oneshot::channel::<()>();
    let mut serving = std::pin::pin!(engine.serve(listener, entry, started, async { _ = stopping.await }));
    tokio::select! {
        served = serving.as_mut() => {
            served.context("cannot serve")?;
            anyhow::bail!("the server ended by itself")
        }
        () = stop.requested() => drop(sender),
    }
    serving.await.context("cannot serve")
}

/// 32 random bytes in hexadecimal.
fn make_token() -> Result<String> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).context("the system has no random bytes for a token")?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
