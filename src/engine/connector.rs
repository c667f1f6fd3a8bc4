//! The in-memory connection between the client and the engine's HTTP face: a pair of pipes, no socket.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::TokioIo;
use tokio::io::DuplexStream;

use super::{Engine, http};

/// The address clients show; nothing resolves it.
pub const URL: &str = "http://embedded";

/// Bytes that a pipe holds before the writer waits.
const PIPE_CAPACITY: usize = 256 * 1024;

/// Opens a connection to the engine of this process, whatever the address.
#[derive(Clone)]
pub struct Connector {
    engine: Engine,
}

impl Connector {
    /// A connector to this engine.
    pub fn new(engine: Engine) -> Self {
        Self { engine }
    }
}

impl tower_service::Service<hyper::Uri> for Connector {
    type Response = Pipe;
    type Error = Infallible;
    type Future = Ready<Result<Pipe, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: hyper::Uri) -> Self::Future {
        let (client, server) = tokio::io::duplex(PIPE_CAPACITY);
        tokio::spawn(http::serve_connection(self.engine.clone(), TokioIo::new(server)));
        ready(Ok(Pipe(TokioIo::new(client))))
    }
}

/// The client's end.
pub struct Pipe(TokioIo<DuplexStream>);

impl Connection for Pipe {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

impl Read for Pipe {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.0).poll_read(context, buffer)
    }
}

impl Write for Pipe {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, buffer)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}
