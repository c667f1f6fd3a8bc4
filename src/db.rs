//! The only place that builds a query: parameters, settings, query ids, retries, errors with their code.
//!
//! Embedded engine and remote server are the same [`clickhouse::Client`] from here on.

mod error;
mod privilege;

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Result;
use clickhouse::query::Query;
use clickhouse::{Client, RowOwned, RowRead, RowWrite};
use serde::Serialize;
use serde_json::Value;
use tracing::{debug, trace, warn};

pub use error::QueryError;
pub use privilege::Privilege;

use crate::exit::{ExitCode, Failure};
use crate::retry::{Class, RetryPolicy};
use crate::sql::{self, Sql};
use crate::stop::Stop;

/// Settings that decide results or safety, stated so that no server profile can change them.
const WRITE_SETTINGS: &[(&str, &str)] = &[
    ("session_timezone", ""),
    ("join_use_nulls", "0"),
    ("group_by_use_nulls", "0"),
    ("aggregate_functions_null_for_empty", "0"),
    ("prefer_column_name_to_alias", "0"),
    ("group_by_overflow_mode", "throw"),
    ("join_overflow_mode", "throw"),
    ("read_overflow_mode", "throw"),
    ("result_overflow_mode", "throw"),
    ("async_insert", "0"),
    ("optimize_on_insert", "0"),
    ("max_partitions_per_insert_block", "0"),
    ("max_insert_threads", "1"),
    // Compiling expressions to machine code costs a small account more than its rows, and a batch gains nothing.
    ("compile_expressions", "0"),
    ("compile_aggregate_expressions", "0"),
    ("compile_sort_description", "0"),
    // Its filters are built for joins that drop rows; ours keep all, and pay for the building.
    ("enable_join_runtime_filters", "0"),
    ("insert_null_as_default", "0"),
    ("transform_null_in", "0"),
    ("max_execution_time", "0"),
    ("mutations_sync", "2"),
    ("alter_sync", "2"),
];

/// The oldest server whose SQL and settings suffice: year and month of its version.
const OLDEST_VERSION: (u32, u32) = (24, 8);

#[derive(clickhouse::Row, serde::Deserialize)]
struct ServerFacts {
    version: String,
    database_name: String,
}

fn version_number(version: &str) -> (u32, u32) {
    let mut parts = version.split('.').map(|part| part.parse().unwrap_or(0));
    (parts.next().unwrap_or(0), parts.next().unwrap_or(0))
}

/// A connection to one database, with the habits that every statement shares.
#[derive(Clone)]
pub struct Db {
    client: Client,
    target: Arc<str>,
    database: Arc<str>,
    version: Arc<str>,
    retries: RetryPolicy,
    stop: Option<Stop>,
    interruptible: bool,
    run_id: Arc<str>,
    sequence: Arc<AtomicU64>,
    known_settings: Arc<Vec<(&'static str, &'static str)>>,
}

impl Db {
    /// Wraps a client whose database is set. `target` is how messages name it, without secrets.
    pub fn new(client: Client, target: &str, run_id: &str, retries: RetryPolicy) -> Self {
        let client_database = client.database().unwrap_or_default().to_owned();
        let client = client.with_product_info(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"));
        Self {
            // An error in mid-answer then comes as an error, not as a cut-off success.
            client: client.with_setting("wait_end_of_query", "1"),
            target: target.into(),
            database: client_database.into(),
            version: "".into(),
            retries,
            stop: None,
            interruptible: false,
            run_id: run_id.into(),
            sequence: Arc::default(),
            known_settings: Arc::new(WRITE_SETTINGS.to_vec()),
        }
    }

    /// Asks the server who it is, refuses one that is too old, and keeps only the settings that it knows
    /// (an unknown one is fatal on older servers).
    pub async fn probe(&mut self) -> Result<()> {
        let facts: ServerFacts = self.statement(&sql::SERVER_FACTS).fetch_one().await?;
        if version_number(&facts.version) < OLDEST_VERSION {
            let (year, month) = OLDEST_VERSION;
            let message = format!("{} runs ClickHouse {}", self.target, facts.version);
            let hint = format!("aiviews needs ClickHouse {year}.{month} or newer");
            return Err(Failure::new(ExitCode::SchemaMismatch, message).hint(hint).into());
        }
        self.database = facts.database_name.into();
        self.version = facts.version.into();
        let wanted: Vec<&str> = WRITE_SETTINGS.iter().map(|(name, _)| *name).collect();
        let known: Vec<String> =
            self.statement(&sql::KNOWN_SETTINGS).param("names", &wanted).fetch_all().await?;
        let keep = |(name, _): &(&str, &str)| known.iter().any(|known_name| known_name == name);
        self.known_settings = Arc::new(WRITE_SETTINGS.iter().copied().filter(keep).collect());
        Ok(())
    }

    /// How messages name this target.
    pub fn target(&self) -> &str {
        &self.target
    }

    /// The database that unqualified names live in.
    pub fn database(&self) -> &str {
        &self.database
    }

    /// The server's version, as it prints it.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// This run's id: it prefixes every query id and names staging tables.
    pub fn run_id(&self) -> &str {
        &self.run_id
    }

    /// The schedule of retries.
    pub fn retries(&self) -> &RetryPolicy {
        &self.retries
    }

    /// The same connection, which tries nothing again once a stop is asked for. Statements in flight are finished.
    pub fn with_stop(&self, stop: &Stop) -> Self {
        Self { stop: Some(stop.clone()), ..self.clone() }
    }

    /// The same connection, whose statements are killed once a stop is asked for: for all that may be left undone.
    pub fn interruptible(&self) -> Self {
        Self { interruptible: true, ..self.clone() }
    }

    /// The same connection with another schedule of retries.
    pub fn with_retries(&self, retries: RetryPolicy) -> Self {
        Self { retries, ..self.clone() }
    }

    /// The same connection to another database of the server.
    pub fn with_database(&self, database: &str) -> Self {
        Self {
            client: self.client.clone().with_database(database),
            database: database.into(),
            ..self.clone()
        }
    }

    /// Appends rows to one of our own tables; columns that the row type does not have take their default.
    /// Rows of an unknown outcome are written again: these tables bear it.
    pub async fn insert<T: RowOwned + RowWrite>(&self, table: &'static str, rows: &[T]) -> Result<()> {
        let name = format!("insert into {table}");
        let mut tries = 0;
        loop {
            let limit = self.retries.statement_timeout;
            let error = match tokio::time::timeout(limit, self.write(table, rows)).await {
                Ok(Ok(())) => return Ok(()),
                Ok(Err(error)) => QueryError::new(&name, &self.target, &error),
                Err(_) => QueryError::timed_out(&name, &self.target, limit.as_secs()),
            };
            if !self.rest_before_retry(&error, &mut tries).await {
                return Err(error.into());
            }
        }
    }

    async fn write<T: RowOwned + RowWrite>(
        &self,
        table: &'static str,
        rows: &[T],
    ) -> clickhouse::error::Result<()> {
        let mut insert = self.client.insert::<T>(table).await?.with_setting("async_insert", "0");
        for row in rows {
            insert.write(row).await?;
        }
        insert.end().await
    }

    /// Does a work of several statements again as long as its failure is worth it, but not after this error code.
    pub async fn retrying<T>(&self, hopeless: u32, mut work: impl AsyncFnMut() -> Result<T>) -> Result<T> {
        let mut tries = 0;
        loop {
            let error = match work().await {
                Ok(value) => return Ok(value),
                Err(error) => error,
            };
            match error.downcast_ref::<QueryError>() {
                Some(cause) if cause.code == Some(hopeless) => return Err(error),
                Some(cause) if self.rest_before_retry(cause, &mut tries).await => {}
                _ => return Err(error),
            }
        }
    }

    /// Rests before another try. False where none is worth it, or where the run is asked to stop.
    async fn rest_before_retry(&self, error: &QueryError, tries: &mut usize) -> bool {
        let Some(delay) = self.retries.delays(error.class).nth(*tries) else { return false };
        if self.stop.as_ref().is_some_and(|stop| stop.code().is_some()) {
            return false;
        }
        *tries += 1;
        let delay_ms = delay.as_millis() as u64;
        warn!(statement = error.statement, try_number = *tries, delay_ms, "{error}; trying again");
        let rest = tokio::time::sleep(delay);
        match &self.stop {
            Some(stop) => stop.or_done(rest).await.is_some(),
            None => {
                rest.await;
                true
            }
        }
    }

    /// Starts a statement of the catalogue.
    pub fn statement(&self, sql: &Sql) -> Statement<'_> {
        Statement {
            db: self,
            name: sql.name.to_string(),
            text: sql.text.clone(),
            parameters: Vec::new(),
            settings: Vec::new(),
            invalid_name: None,
            stop: self.stop.clone().filter(|_| self.interruptible),
            gives_up_on: None,
            tries_once: false,
        }
    }
}

/// Whether a name is of the kind that we generate: safe wherever it stands in a statement.
fn is_generated(name: &str) -> bool {
    let is_plain = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_';
    !name.is_empty() && name.chars().all(is_plain)
}

/// A text as a string literal.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}

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

/// One statement with its parameters, ready to run.
#[must_use]
#[derive(Clone)]
pub struct Statement<'db> {
    db: &'db Db,
    name: String,
    text: Cow<'static, str>,
    parameters: Vec<(&'static str, Value)>,
    settings: Vec<(&'static str, String)>,
    invalid_name: Option<String>,
    stop: Option<Stop>,
    gives_up_on: Option<u32>,
    tries_once: bool,
}

impl Statement<'_> {
    /// Binds `{name:Type}`.
    pub fn param(mut self, name: &'static str, value: impl Serialize) -> Self {
        let value = serde_json::to_value(value).unwrap_or(Value::Null);
        self.parameters.push((name, value));
        self
    }

    /// Puts one of our own generated names in the place of `<<slot>>`, where ClickHouse takes no parameter.
    pub fn generated_name(mut self, slot: &str, name: &str) -> Self {
        if !is_generated(name) {
            self.invalid_name = Some(name.to_owned());
        }
        self.text = Cow::Owned(self.text.replace(&format!("<<{slot}>>"), name));
        self
    }

    /// Puts a text of ours as a string literal in the place of `<<slot>>`, where ClickHouse takes no parameter.
    pub fn literal(mut self, slot: &str, text: &str) -> Self {
        self.text = Cow::Owned(self.text.replace(&format!("<<{slot}>>"), &quoted(text)));
        self
    }

    /// Puts comments in the place of `<<comments>>`: of columns, and of the table where the name is empty.
    pub fn comments(mut self, comments: &[(String, String)]) -> Self {
        let render = |(column, comment): &(String, String)| match column.as_str() {
            "" => format!("MODIFY COMMENT {}", quoted(comment)),
            column => format!("COMMENT COLUMN {column} {}", quoted(comment)),
        };
        let commands: Vec<String> = comments.iter().map(render).collect();
        self.text = Cow::Owned(self.text.replace("<<comments>>", &commands.join(",\n    ")));
        self
    }

    /// Puts privileges in the place of `<<privileges>>`.
    pub fn privileges(mut self, privileges: &[Privilege]) -> Self {
        if let Some(name) = privileges.iter().flat_map(Privilege::names).find(|name| !is_generated(name)) {
            self.invalid_name = Some(name.to_owned());
        }
        let texts: Vec<String> = privileges.iter().map(ToString::to_string).collect();
        self.text = Cow::Owned(self.text.replace("<<privileges>>", &texts.join(", ")));
        self
    }

    /// Sets a ClickHouse setting for this statement.
    pub fn setting(mut self, name: &'static str, value: impl ToString) -> Self {
        self.settings.push((name, value.to_string()));
        self
    }

    /// Applies the settings that writing statements need. Reads go without: a read-only user may set none.
    pub fn writing(mut self) -> Self {
        for (name, value) in self.db.known_settings.iter() {
            self.settings.push((name, (*value).to_owned()));
        }
        self
    }

    /// Kills the query and fails as soon as the user asks the run to stop. Without this a statement is finished.
    pub fn until(mut self, stop: &Stop) -> Self {
        self.stop = Some(stop.clone());
        self
    }

    /// Fails at once with this error code: the caller has a better answer than trying the same again.
    pub fn giving_up_on(mut self, code: u32) -> Self {
        self.gives_up_on = Some(code);
        self
    }

    /// Never tries again by itself: the statement alone is not idempotent, the caller redoes more.
    pub fn once(mut self) -> Self {
        self.tries_once = true;
        self
    }

    /// The text as it is sent, for `--dry-run`.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The statement as a script that any client can run: its parameters, its text, `;` after each.
    pub fn script(&self) -> String {
        let set = |(name, value): &(&str, Value)| {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            format!("SET param_{name} = {};\n", quoted(&value))
        };
        let parameters: String = self.parameters.iter().map(set).collect();
        format!("{parameters}{};", self.text.trim_end())
    }

    /// Runs the statement for its effect.
    pub async fn execute(self) -> Result<()> {
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
        let query_id = format!("{}-{}", self.db.run_id, self.db.sequence.fetch_add(1, Ordering::Relaxed));
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
            () = stopped => {
                self.kill(&query_id).await;
                return Err(QueryError::stopped(&self.name, &self.db.target));
            }
        };
        trace!(
            statement = self.name,
            query_id,
            elapsed_ms = started.elapsed().as_millis() as u64,
            ok = outcome.is_ok()
        );
        if let Err(error) = &outcome
            && matches!(error.class, Class::UnknownOutcome | Class::Once)
        {
            self.kill(&query_id).await;
        }
        outcome
    }

    /// Stops a query whose outcome is unknown, so that redoing it does not meet its shadow.
    async fn kill(&self, query_id: &str) {
        let sql = &sql::KILL_QUERY;
        let query = self.db.client.query_raw(&sql.text).param("query_id", query_id);
        let limit = self.db.retries.kill_timeout;
        if !matches!(tokio::time::timeout(limit, query.execute()).await, Ok(Ok(()))) {
            debug!(query_id, "could not be killed, or had ended");
        }
    }
}
