//! Content-Encoding of a request's body.

use std::io::{self, BufRead, BufReader, Read};

use lz4_flex::frame::FrameDecoder;

use super::upload::Upload;
use crate::engine::exception::Exception;

/// Wraps the body into its decoder. Reads from it, so call it where blocking is allowed.
pub fn decoder<'a>(encoding: Option<&str>, body: &'a mut Upload) -> Result<Box<dyn Read + 'a>, Exception> {
    match encoding {
        None | Some("identity") => Ok(Box::new(body)),
        Some("gzip" | "x-gzip") => Ok(Box::new(flate2::read::MultiGzDecoder::new(body))),
        Some("deflate") => Ok(Box::new(flate2::read::ZlibDecoder::new(body))),
        Some("lz4") => Ok(Box::new(Lz4Frames(FrameDecoder::new(BufReader::new(body))))),
        Some("zstd") => zstd::stream::read::Decoder::new(body)
            .map(|decoder| Box::new(decoder) as Box<dyn Read>)
            .map_err(|error| broken_body(&error)),
        Some(other) => Err(Exception::new(
            89,
            "UNKNOWN_COMPRESSION_METHOD",
            format!("Content-Encoding {other:?} is not served; lz4, gzip, deflate and zstd are"),
        )),
    }
}

/// The body ended early or does not decode.
pub fn broken_body(error: &io::Error) -> Exception {
    Exception::new(33, "CANNOT_READ_ALL_DATA", format!("Cannot read the request's body: {error}"))
}

/// Frame after frame: clients send one per piece, and the decoder stops after each.
struct Lz4Frames<R: Read>(FrameDecoder<R>);

impl<R: BufRead> Read for Lz4Frames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let length = self.0.read(buffer)?;
            if length > 0 || buffer.is_empty() || self.0.get_mut().fill_buf()?.is_empty() {
                return Ok(length);
            }
        }
    }
}
