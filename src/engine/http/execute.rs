//! Runs one request's statement on a thread where blocking is allowed.

use std::io::Read;
use std::sync::PoisonError;
use std::time::Instant;

use tokio::sync::oneshot;

use super::formats::{Joining, joining};
use super::request::Request;
use super::response::{self, Reply};
use super::running::Running;
use super::statement::{Shape, shape};
use super::upload::Upload;
use super::worker::{Ending, Worker};
use super::{content_encoding, insert, select};
use crate::engine::exception::Exception;
use crate::engine::libchdb::{Class, Connection, Counters, Statement};
use crate::engine::{Engine, session};

/// Bytes of a statement's text; the data of an insert do not count.
const LONGEST_STATEMENT: usize = 16 * 1024 * 1024;

/// Bytes that a SELECT's result which is made in one piece may have, unless the request sets `max_result_bytes`.
const LARGEST_DOCUMENT: &str = "268435456";

const DEFAULT_FORMAT: &str = "TabSeparated";

/// Runs the statement and answers, whatever happens.
pub fn work(running: &Running, request: &Request, mut upload: Upload, answer: oneshot::Sender<Reply>) {
    let mut worker = Worker { running, request, answer: Some(answer), started: Instant::now() };
    let ending = worker.run(&mut upload).unwrap_or_else(|exception| {
        let exception = match request.words {
            Some(words) => exception.said_as(words),
            None => exception,
        };
        // Else the client is still writing and sees a broken connection instead of the error.
        upload.drain();
        Ending::Answer(response::failure(&exception, &running.engine.identity().version))
    });
    running.finish();
    match ending {
        Ending::Answer(reply) => worker.answer(reply),
        Ending::Body(sender, last) => _ = last.map(|chunk| sender.blocking_send(chunk)),
    }
}

impl Worker<'_> {
    fn run(&mut self, upload: &mut Upload) -> Result<Ending, Exception> {
        let mut body = content_encoding::decoder(self.request.content_encoding.as_deref(), upload)?;
        let (text, shape) = self.read_statement(&mut body)?;
        self.running.check_wanted()?;
        let default = self.request.default_format.as_deref().unwrap_or(DEFAULT_FORMAT);
        match shape {
            Shape::Insert { head, format, data } => {
                let data = text.get(data..).unwrap_or_default().chain(body);
                self.with_connection(false, |worker, connection| {
                    worker.check_method(connection, &text[..head])?;
                    insert::run(worker, connection, &text[..head], &format, data)
                })
            }
            Shape::Select { format } => {
                let format = format.as_deref().unwrap_or(default);
                let joining = if self.request.words.is_some() { Joining::Never } else { joining(format) };
                self.with_connection(joining == Joining::Never, |worker, connection| {
                    worker.check_method(connection, &text)?;
                    match joining {
                        Joining::Never => worker.run_whole(connection, &text, format),
                        _ => select::run(worker, connection, &text, format, joining),
                    }
                })
            }
            Shape::Other { format } => self.with_connection(false, |worker, connection| {
                worker.check_method(connection, &text)?;
                worker.run_whole(connection, &text, format.as_deref().unwrap_or(default))
            }),
        }
    }

    /// The statement: what the URL has, then the body as far as it belongs to the text.
    fn read_statement(&self, body: &mut dyn Read) -> Result<(Vec<u8>, Shape), Exception> {
        let mut text = self.request.query.clone();
        if !text.is_empty() {
            if let Some(insert @ Shape::Insert { .. }) = shape(&text, true)? {
                return Ok((text, insert));
            }
            text.push(b'\n');
        }
        let mut step = 64 * 1024;
        loop {
            let read = Read::take(&mut *body, step).read_to_end(&mut text);
            let complete = (read.map_err(|error| content_encoding::broken_body(&error))? as u64) < step;
            if let Some(shape) = shape(&text, complete)? {
                return Ok((text, shape));
            }
            if text.len() > LONGEST_STATEMENT {
                return Err(Exception::new(62, "SYNTAX_ERROR", "Statement too long"));
            }
            step *= 2;
        }
    }

    /// By GET nothing that changes anything, and one statement only. What may change all is not parsed twice for it:
    /// a second statement was refused when the text was looked at.
    fn check_method(&self, connection: &mut Connection, sql: &[u8]) -> Result<(), Exception> {
        if !self.request.only_reads {
            return Ok(());
        }
        let Some(classified) = connection.classify(sql) else {
            // The engine's own message for it is better than any of ours.
            return Ok(());
        };
        if classified.statements > 1 {
            return Err(Exception::new(62, "SYNTAX_ERROR", "Multi-statements are not allowed"));
        }
        if classified.class != Class::ReadOnly {
            return Err(Exception::new(164, "READONLY", "Cannot execute query in readonly mode: use POST"));
        }
        Ok(())
    }

    /// Runs `work` on a fresh connection, or the session's, with the request's database and settings.
    fn with_connection(
        &mut self,
        bounded: bool,
        work: impl FnOnce(&mut Self, &mut Connection) -> Result<Ending, Exception>,
    ) -> Result<Ending, Exception> {
        let engine: &Engine = &self.running.engine;
        let settings = self.settings(bounded);
        let database = self.request.database.as_deref();
        let Some(wanted) = &self.request.session else {
            let mut connection = engine.connect()?;
            session::use_database(&mut connection, database.unwrap_or_default())?;
            if self.request.is_reader {
                session::become_reader(&mut connection)?;
            }
            session::set(&mut connection, &settings)?;
            return work(self, &mut connection);
        };
        let sessions = &engine.0.requests.sessions;
        let (connection, is_new) = sessions.enter(engine, wanted)?;
        let mut connection = connection.lock().unwrap_or_else(PoisonError::into_inner);
        if is_new || database.is_some() {
            session::use_database(&mut connection, database.unwrap_or_default())?;
        }
        session::set(&mut connection, &settings)?;
        let ending = work(self, &mut connection);
        // On a server the settings of a request end with it, in a session too.
        let names: Vec<String> = settings.into_iter().map(|(name, _)| name).collect();
        if session::reset(&mut connection, &names).is_err() || wanted.close {
            sessions.close(&wanted.id);
        }
        ending
    }

    /// The request's settings, the tag that a KILL finds, and a bound for what cannot be streamed.
    fn settings(&self, bounded: bool) -> Vec<(String, String)> {
        let setting = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let mut settings = vec![setting("log_comment", &self.request.query_id)];
        if bounded {
            settings.push(setting("max_result_bytes", LARGEST_DOCUMENT));
        }
        for given in &self.request.settings {
            settings.retain(|(name, _)| *name != given.0);
            settings.push(given.clone());
        }
        settings
    }

    fn run_whole(
        &mut self,
        connection: &mut Connection,
        sql: &[u8],
        format: &str,
    ) -> Result<Ending, Exception> {
        let output = connection.query(&Statement { sql, format, parameters: &self.request.parameters })?;
        let counters = match self.request.words {
            // How much was read says how much there is of others.
            Some(_) => Counters { rows_returned: output.counters().rows_returned, ..Counters::default() },
            None => output.counters(),
        };
        Ok(self.done(output.bytes().to_vec(), Some(format), counters))
    }
}
