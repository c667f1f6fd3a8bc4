//! A connection that counts how often everything written to it has left.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use hyper::rt::{Read, ReadBufCursor, Write};

/// The count, shared with the bodies that are sent over the connection.
#[derive(Clone, Default)]
pub struct Flushes(Arc<AtomicU64>);

impl Flushes {
    /// So many flushes are complete.
    pub fn count(&self) -> u64 {
        self.0.load(Ordering::Acquire)
    }

    /// The connection that counts here.
    pub fn watch<C>(&self, connection: C) -> Watched<C> {
        Watched { connection, flushes: self.clone() }
    }
}

/// A connection that is watched.
pub struct Watched<C> {
    connection: C,
    flushes: Flushes,
}

impl<C: Read + Unpin> Read for Watched<C> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.connection).poll_read(context, buffer)
    }
}

impl<C: Write + Unpin> Write for Watched<C> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.connection).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = std::task::ready!(Pin::new(&mut self.connection).poll_flush(context));
        self.flushes.0.fetch_add(1, Ordering::AcqRel);
        Poll::Ready(flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.connection).poll_shutdown(context)
    }

    fn is_write_vectored(&self) -> bool {
        self.connection.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.connection).poll_write_vectored(context, buffers)
    }
}
