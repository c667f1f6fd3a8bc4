//! One statement on its way: what is asked, and where its answer goes.

use std::time::Instant;

use hyper::StatusCode;
use tokio::sync::{mpsc, oneshot};

use super::request::Request;
use super::response::{self, Chunk, Reply};
use super::running::Running;
use crate::engine::libchdb::Counters;

/// One statement on its way.
pub struct Worker<'a> {
    /// Engine, query id and state.
    pub running: &'a Running,
    /// The request as it was read, with its settings and parameters.
    pub request: &'a Request,
    /// Where the answer goes, until it is on its way.
    pub answer: Option<oneshot::Sender<Reply>>,
    /// When the statement began.
    pub started: Instant,
}

/// What is left to do once the connection is free again.
pub enum Ending {
    /// Send the answer.
    Answer(Reply),
    /// Send the last chunk, if there is one, and close the body.
    Body(mpsc::Sender<Chunk>, Option<Chunk>),
}

impl Worker<'_> {
    /// The answer of a statement that has ended well.
    pub fn done(&self, body: Vec<u8>, format: Option<&str>, counters: Counters) -> Ending {
        let mut reply = response::whole(StatusCode::OK, body);
        if let Some(format) = format {
            response::describe_format(&mut reply, format);
        }
        response::summarize(&mut reply, counters, self.started.elapsed());
        Ending::Answer(reply)
    }

    /// Sends the answer, or the begin of one.
    pub fn answer(&mut self, mut reply: Reply) {
        response::describe(&mut reply, self.running.engine.identity(), &self.request.query_id);
        if let Some(answer) = self.answer.take() {
            let _ = answer.send(reply);
        }
    }
}
