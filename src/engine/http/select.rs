//! A SELECT whose result is sent while it is made.

use hyper::body::Bytes;
use tokio::sync::mpsc;

use super::formats::Joining;
use super::random_tag;
use super::response::{self, Chunk};
use super::worker::{Ending, Worker};
use crate::engine::exception::Exception;
use crate::engine::libchdb::{Connection, Counters, Statement, Stream};

/// Bytes of a result that `wait_end_of_query` gathers; a larger one is sent while it is made all the same.
const GATHERED: usize = 16 * 1024 * 1024;

/// Runs the statement. The answer begins with the first rows, so an error before them is a plain error.
pub fn run(
    worker: &mut Worker,
    connection: &mut Connection,
    sql: &[u8],
    format: &str,
    joining: Joining,
) -> Result<Ending, Exception> {
    let parameters = &worker.request.parameters;
    let stream = connection.stream(&Statement { sql, format, parameters })?;
    let mut rows = Rows { stream, joining, header: None, counters: Counters::default() };
    let mut gathered = Vec::new();
    let mut size = 0;
    while size == 0 || worker.request.wait_end_of_query && size < GATHERED {
        let Some(chunk) = rows.next()? else {
            return Ok(worker.done(gathered.concat(), Some(format), rows.counters));
        };
        size += chunk.len();
        gathered.push(chunk);
    }
    let tag = random_tag();
    let (sender, mut reply) = response::chunks(&tag);
    response::describe_format(&mut reply, format);
    response::summarize(&mut reply, rows.counters, worker.started.elapsed());
    worker.answer(reply);
    let last = send(&mut rows, gathered, &sender)
        .err()
        .map(|exception| response::trailer(&exception, &worker.running.engine.identity().version, &tag));
    Ok(Ending::Body(sender, last))
}

/// Sends chunk by chunk, as fast as the client reads; ends early when the client has gone.
fn send(rows: &mut Rows, gathered: Vec<Bytes>, sender: &mpsc::Sender<Chunk>) -> Result<(), Exception> {
    for chunk in gathered {
        if sender.blocking_send(Chunk::Rows(chunk)).is_err() {
            return Ok(());
        }
    }
    while let Some(chunk) = rows.next()? {
        if sender.blocking_send(Chunk::Rows(chunk)).is_err() {
            break;
        }
    }
    Ok(())
}

/// The chunks of a result as one document.
struct Rows<'a> {
    stream: Stream<'a>,
    joining: Joining,
    /// The length of the header, once the first chunk has come.
    header: Option<usize>,
    counters: Counters,
}

impl Rows<'_> {
    fn next(&mut self) -> Result<Option<Bytes>, Exception> {
        let Some(chunk) = self.stream.next_chunk()? else { return Ok(None) };
        self.counters = chunk.counters();
        let mut bytes = Bytes::from_owner(chunk);
        let Joining::Header(header) = self.joining else { return Ok(Some(bytes)) };
        if let Some(repeated) = self.header {
            return Ok(Some(bytes.split_off(repeated.min(bytes.len()))));
        }
        let unreadable = || Exception::internal("the engine's result has no readable header");
        self.header = Some(header.length(&bytes).ok_or_else(unreadable)?);
        Ok(Some(bytes))
    }
}
