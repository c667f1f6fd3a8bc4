//! A request's body as a blocking reader: pieces come from the network side over a short queue.

use std::io::{self, Read};
use std::time::Duration;

use http_body_util::BodyExt;
use hyper::body::Body;
use hyper::body::{Buf, Bytes};
use tokio::sync::mpsc;
use tokio::time::Instant;

/// Pieces that wait between the network and the engine.
const QUEUE: usize = 4;

/// How long a client may be waited for until [`LEAST`] has come. It holds one of the places of running statements
/// meanwhile.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Bytes that renew the patience. Fewer do not: a body that drips would last for ever.
const LEAST: usize = 1024;

/// The reader's end. An interrupted body is an error, never an early end.
pub struct Upload {
    pieces: mpsc::Receiver<io::Result<Bytes>>,
    current: Bytes,
}

impl Upload {
    /// Starts to take in the body; waiting longer than this breaks it off.
    pub fn start<B>(mut body: B, patience: Duration) -> Self
    where
        B: Body<Data = Bytes, Error: Into<Box<dyn std::error::Error + Send + Sync>>> + Unpin + Send + 'static,
    {
        let (sender, pieces) = mpsc::channel(QUEUE);
        tokio::spawn(async move {
            let (mut left, mut received) = (patience, 0);
            loop {
                // Only while the client is waited for: the engine may take its time.
                let asked = Instant::now();
                let piece = match tokio::time::timeout(left, body.frame()).await {
                    Ok(Some(frame)) => frame
                        .map(|frame| frame.into_data().unwrap_or_default())
                        .map_err(|error| io::Error::other(error.into())),
                    Ok(None) => return,
                    Err(_) => {
                        Err(io::Error::new(io::ErrorKind::TimedOut, "the client sends too little of it"))
                    }
                };
                left = left.saturating_sub(asked.elapsed());
                received += piece.as_ref().map_or(0, Bytes::len);
                if received >= LEAST {
                    (left, received) = (patience, 0);
                }
                let failed = piece.is_err();
                if sender.send(piece).await.is_err() || failed {
                    return;
                }
            }
        });
        Self { pieces, current: Bytes::new() }
    }

    /// A body of nothing.
    pub fn empty() -> Self {
        Self { pieces: mpsc::channel(1).1, current: Bytes::new() }
    }

    /// Reads what is left, so that the client gets to read the answer.
    pub fn drain(&mut self) {
        while let Some(Ok(_)) = self.pieces.blocking_recv() {}
    }
}

impl Read for Upload {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.current.is_empty() {
            match self.pieces.blocking_recv() {
                Some(piece) => self.current = piece?,
                None => return Ok(0),
            }
        }
        let length = buffer.len().min(self.current.len());
        self.current.copy_to_slice(&mut buffer[..length]);
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use hyper::body::Frame;

    use super::*;

    #[tokio::test]
    async fn a_silent_body_breaks_off() {
        let (_sender, body) = tokio::io::duplex(16);
        let silent = http_body_util::StreamBody::new(futures_util::stream::unfold(body, |body| async {
            std::future::pending::<()>().await;
            Some((Ok::<_, io::Error>(Frame::data(Bytes::new())), body))
        }));
        let mut upload = Upload::start(Box::pin(silent), Duration::from_millis(10));
        let read = tokio::task::spawn_blocking(move || upload.read(&mut [0; 8])).await.expect("a thread");
        assert_eq!(read.expect_err("no data").kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test]
    async fn a_body_that_drips_breaks_off() {
        let pieces = futures_util::stream::unfold(0, |sent| async move {
            tokio::time::sleep(Duration::from_millis(2)).await;
            (sent < LEAST).then_some((Ok::<_, io::Error>(Frame::data(Bytes::from_static(b"1"))), sent + 1))
        });
        let body = http_body_util::StreamBody::new(Box::pin(pieces));
        let mut upload = Upload::start(body, Duration::from_millis(200));
        let mut ends = Ok(0);
        while let Some(piece) = upload.pieces.recv().await {
            ends = piece.map(|piece| piece.len());
        }
        assert_eq!(ends.expect_err("too slow").kind(), io::ErrorKind::TimedOut);
    }
}
