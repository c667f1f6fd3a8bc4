//! A request's body as a blocking reader: pieces come from the network side over a short queue.

use std::io::{self, Read};

use bytes::{Buf, Bytes};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use tokio::sync::mpsc;

/// Pieces that wait between the network and the engine.
const QUEUE: usize = 4;

/// The reader's end. An interrupted body is an error, never an early end.
pub struct Upload {
    pieces: mpsc::Receiver<io::Result<Bytes>>,
    current: Bytes,
}

impl Upload {
    /// Starts to take in the body.
    pub fn start(mut body: Incoming) -> Self {
        let (sender, pieces) = mpsc::channel(QUEUE);
        tokio::spawn(async move {
            while let Some(frame) = body.frame().await {
                let piece =
                    frame.map_err(io::Error::other).map(|frame| frame.into_data().unwrap_or_default());
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
