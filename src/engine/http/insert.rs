//! An insert whose data come with the request.

use std::io::{ErrorKind, Read};

use super::content_encoding::broken_body;
use super::worker::{Ending, Worker};
use crate::engine::exception::Exception;
use crate::engine::libchdb::{Connection, Statement};

/// Bytes handed to the engine at once.
const PIECE: usize = 1024 * 1024;

/// Feeds the data to the engine piece by piece. A broken body ends the insert without the blocks not yet written.
pub fn run(
    worker: &Worker,
    connection: &mut Connection,
    sql: &[u8],
    format: &str,
    mut data: impl Read,
) -> Result<Ending, Exception> {
    let mut insert = connection.insert(&Statement { sql, format, parameters: &worker.request.parameters })?;
    let mut piece = vec![0; PIECE];
    loop {
        let length = fill(&mut data, &mut piece).map_err(|error| broken_body(&error))?;
        if length == 0 {
            let counters = insert.finish()?;
            return Ok(worker.done(Vec::new(), None, counters));
        }
        insert.append(&piece[..length])?;
    }
}

/// Reads until the buffer is full or the source ends.
fn fill(source: &mut impl Read, buffer: &mut [u8]) -> std::io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match source.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(length) => filled += length,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}
