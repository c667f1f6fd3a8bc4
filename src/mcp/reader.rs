//! Readers of `serve`: the same tokens and the same guard, for programs that speak ClickHouse's HTTP interface.

use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};

use futures_util::FutureExt;
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use super::caller::Caller;
use super::guard::{self, Refusal, Scope};
use super::token::Tokens;
use crate::db::Db;
use crate::engine::exception::Exception;
use crate::engine::{Reader, Readers, Reading};

/// Looks tokens up on a thread of its own. One that was started before the process confined itself goes on reading the
/// file, which is out of the engine's reach.
#[derive(Debug)]
pub struct Clerk(Sender<Question>);

struct Question {
    token: String,
    answer: oneshot::Sender<Option<Caller>>,
}

impl Clerk {
    /// Starts the thread.
    pub fn start(tokens: Tokens) -> std::io::Result<Clerk> {
        let (sender, questions) = channel::<Question>();
        std::thread::Builder::new().name("tokens".to_owned()).spawn(move || {
            for Question { token, answer } in questions {
                // The caller may have gone.
                let _ = answer.send(tokens.caller(&token));
            }
        })?;
        Ok(Clerk(sender))
    }

    async fn caller(&self, token: String) -> Option<Caller> {
        let (answer, answered) = oneshot::channel();
        self.0.send(Question { token, answer }).ok()?;
        answered.await.ok()?
    }
}

/// The readers of a database, as the engine's port asks for them. The user is `default` or the token's name.
pub fn readers(clerk: Clerk, db: Db) -> Readers {
    let clerk = Arc::new(clerk);
    Arc::new(move |user, token| {
        let (clerk, db) = (clerk.clone(), db.clone());
        async move {
            let caller = clerk.caller(token).await?;
            (user == "default" || user == caller.name).then(|| reader(caller, db))
        }
        .boxed()
    })
}

fn reader(caller: Caller, db: Db) -> Reader {
    Arc::new(move |text| {
        let (caller, db, runtime) = (caller.clone(), db.clone(), Handle::current());
        // On a thread of its own: what the check waits for cannot move from thread to thread.
        let reading =
            tokio::task::spawn_blocking(move || runtime.block_on(reading(&db, &text, &caller.scope)));
        async move { reading.await.unwrap_or_else(|error| Err(Exception::internal(error))) }.boxed()
    })
}

async fn reading(db: &Db, text: &str, scope: &Scope) -> Result<Reading, Exception> {
    let checked = guard::check(db, text, scope).await.map_err(|error| refused(&error))?;
    let (statement, parameters) = checked.covered_statement(db.database());
    // The statistics say how much was read, of others as well.
    let settings = guard::LIMITS.iter().chain([&("output_format_write_statistics", "0")]);
    Ok(Reading {
        database: db.database().to_owned(),
        sql: statement.text.into_owned(),
        parameters,
        settings: settings.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        words: guard::in_own_words,
    })
}

fn refused(error: &anyhow::Error) -> Exception {
    match error.downcast_ref::<Refusal>() {
        Some(refusal) => Exception::new(497, "ACCESS_DENIED", refusal),
        None => Exception::new(62, "SYNTAX_ERROR", format!("{error:#}")),
    }
}
