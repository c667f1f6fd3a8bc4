//! Running a statement: one try after another, each with its own query id, killed where its outcome is unknown.

use std::sync::atomic::Ordering;
use std::time::Duration;

use anyhow::Result;
use clickhouse::query::Query;
use clickhouse::{RowOwned, RowRead};
use tracing::{debug, trace};

use super::{Db, QueryError, Statement, error};
use crate::db::retry::Class;
use crate::exit::stop::Change;
use crate::exit::{ExitCode, Failure};
use crate::sql;

/// A statement run for its effect answers nothing, or rows that nobody reads. An exception that came in pieces, or a
/// page of something in between, is no success whatever the status said.
fn refuse_answer(answer: &[u8]) -> clickhouse::error::Result<()> {
    let text = String::from_utf8_lossy(answer);
    if text.contains("__exception__") || text.contains("Code: ") {
        return Err(clickhouse::error::Error::BadResponse(text.into_owned()));
    }
    if text.trim_start().starts_with('<') {
        return Err(clickhouse::error::Error::Other(Box::new(error::Page(text.into_owned()))));
    }
    Ok(())
}

/// Asks once more in a format that can be looked at: of a page that is read as rows the client says only that it has
/// no header. Nothing where this answer is as it should be.
async fn look_at_answer(query: Query) -> Option<clickhouse::error::Error> {
    let collected = async { query.fetch_bytes("TabSeparated")?.collect().await };
    match collected.await {
        Ok(answer) => refuse_answer(&answer).err(),
        Err(error) => Some(error),
    }
}

/// How long somebody who wants to leave waits for the end of a statement.
const LONGEST_KILL: Duration = Duration::from_secs(2);

impl Statement<'_> {
    /// Runs the statement for its effect.
    pub async fn execute(mut self) -> Result<()> {
        self.is_change = self.stop.is_none();
        self.run(async |query| {
            let answer = query.fetch_bytes("TabSeparated")?.collect().await?;
            refuse_answer(&answer)
        })
        .await
    }

    /// All rows.
    pub async fn fetch_all<T: RowOwned + RowRead>(self) -> Result<Vec<T>> {
        self.run(async |query| match query.clone().fetch_all::<T>().await {
            Err(error) if error::has_no_header(&error) => Err(look_at_answer(query).await.unwrap_or(error)),
            outcome => outcome,
        })
        .await
    }

    /// The one row that there must be.
    pub async fn fetch_one<T: RowOwned + RowRead>(self) -> Result<T> {
        self.run(async |query| match query.clone().fetch_one::<T>().await {
            Err(error) if error::has_no_header(&error) => Err(look_at_answer(query).await.unwrap_or(error)),
            outcome => outcome,
        })
        .await
    }

    /// The answer in one of ClickHouse's formats.
    pub async fn fetch_format(self, format: &str) -> Result<Vec<u8>> {
        self.run(async |query| {
            let mut cursor = query.fetch_bytes(format)?;
            Ok(cursor.collect().await?.to_vec())
        })
        .await
    }

    /// The answer as JSON with the first of these groups of settings that the user's profile lets be set, else with none.
    pub async fn fetch_within(self, groups: &[&[(&'static str, &str)]]) -> Result<Vec<u8>> {
        for settings in groups {
            let limit =
                |statement: Self, (name, value): &(&'static str, &str)| statement.setting(name, value);
            let limited = settings.iter().fold(self.clone(), limit);
            match limited.fetch_format("JSONCompact").await {
                Err(error) if QueryError::is_refused_setting(&error) => {}
                outcome => return outcome,
            }
        }
        self.fetch_format("JSONCompact").await
    }

    async fn run<T>(&self, attempt: impl AsyncFn(Query) -> clickhouse::error::Result<T>) -> Result<T> {
        if let Some(name) = &self.invalid_name {
            return Err(Failure::new(ExitCode::Failed, format!("`{name}` is not one of our names")).into());
        }
        let mut tries = 0;
        loop {
            let error = match self.attempt(&attempt).await {
                Ok(value) => return Ok(value),
                Err(error) => error,
            };
            let hopeless = self.tries_once || (self.gives_up_on.is_some() && self.gives_up_on == error.code);
            if hopeless || !self.db.rest_before_retry(&error, &mut tries).await {
                return Err(error.into());
            }
        }
    }

    async fn attempt<T>(
        &self,
        attempt: &impl AsyncFn(Query) -> clickhouse::error::Result<T>,
    ) -> Result<T, QueryError> {
        if self.stop.as_ref().is_some_and(|stop| stop.code().is_some()) {
            return Err(QueryError::stopped(&self.name, &self.db.target));
        }
        if !self.db.may_send().await {
            return Err(QueryError::given_up(&self.name, &self.db.target));
        }
        let _change = if self.is_change { Some(Change::begin().await) } else { None };
        let query_id = format!("{}-{}", self.db.run_id, self.db.sequence.fetch_add(1, Ordering::Relaxed));
        if let Some(notes) = &self.notes {
            notes.note(&query_id);
        }
        let mut query = self.db.client.query_raw(&self.text).with_setting("query_id", &query_id);
        for (name, value) in &self.settings {
            query = query.with_setting(*name, value);
        }
        for (name, value) in &self.parameters {
            query = query.param(name, value);
        }
        let started = std::time::Instant::now();
        let limit = self.db.retries.statement_timeout;
        let stopped = async {
            match &self.stop {
                Some(stop) => stop.requested().await,
                None => std::future::pending().await,
            }
        };
        let outcome = tokio::select! {
            outcome = tokio::time::timeout(limit, attempt(query)) => match outcome {
                Ok(outcome) => outcome.map_err(|error| QueryError::new(&self.name, &self.db.target, &error)),
                Err(_) => Err(QueryError::timed_out(&self.name, &self.db.target, limit.as_secs())),
            },
            () = self.db.outage.silent() => Err(QueryError::silent(&self.name, &self.db.target)),
            () = stopped => {
                let _ = tokio::time::timeout(LONGEST_KILL, self.db.kill(&query_id)).await;
                return Err(QueryError::stopped(&self.name, &self.db.target));
            }
        };
        trace!(
            statement = self.name,
            query_id,
            elapsed_ms = started.elapsed().as_millis() as u64,
            ok = outcome.is_ok()
        );
        if outcome.as_ref().err().is_none_or(|error| !error.is_outage()) {
            self.db.outage.answered();
        }
        outcome.map_err(|mut error| {
            if matches!(error.class, Class::UnknownOutcome | Class::Once) {
                error.left_running = Some(query_id);
            }
            error
        })
    }
}

impl Db {
    /// Stops a query whose outcome is unknown, so that redoing it does not meet its shadow.
    pub(super) async fn kill(&self, query_id: &str) {
        if !self.answers().await {
            return;
        }
        let client = self.killer.as_ref().unwrap_or(&self.client);
        let query = client.query_raw(&sql::KILL_QUERY.text).param("query_id", query_id);
        let limit = self.retries.kill_timeout;
        if !matches!(tokio::time::timeout(limit, query.execute()).await, Ok(Ok(()))) {
            debug!(query_id, "could not be killed, or had ended");
        }
    }
}
