//! The only place that builds a query: parameters, settings, query ids, retries, errors with their code.
//!
//! Embedded engine and remote server are the same [`clickhouse::Client`] from here on.

mod bound;
pub mod connection;
pub mod env_file;
mod error;
pub mod failpoint;
mod generations;
pub mod http_client;
mod insert;
mod name;
mod outage;
mod pinned;
mod place;
mod privilege;
mod probe;
pub mod retry;
mod retrying;
mod run;
pub mod settings;
mod statement;
pub mod target;
mod way;

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use clickhouse::Client;

pub use bound::quoted;
pub use error::{QueryError, exit_code_of, hint_of};
pub use name::quoted_name;
pub use privilege::Privilege;

pub use crate::engine::codes;
pub use statement::{QueryIds, Statement};
pub use way::Way;

use crate::db::http_client::{Dial, Ping};
use crate::db::retry::RetryPolicy;
use crate::exit::stop::Stop;
use crate::sql::Sql;
use outage::Outage;
use place::Place;

/// A connection to one database, with the habits that every statement shares.
#[derive(Clone)]
pub struct Db {
    client: Client,
    target: Arc<str>,
    database: Arc<str>,
    version: Arc<str>,
    retries: RetryPolicy,
    stop: Option<Stop>,
    outage: Arc<Outage>,
    interruptible: bool,
    alone: bool,
    run_id: Arc<str>,
    sequence: Arc<AtomicU64>,
    write_settings: Arc<Vec<(&'static str, &'static str)>>,
    has_own_profile: bool,
    way: Way,
    place: Place,
    /// How to speak to the server anew; none where the engine is in this process.
    dial: Option<Arc<Dial>>,
    notes: Option<QueryIds>,
    /// Ends statements where who runs them may not.
    killer: Option<Client>,
}

impl Db {
    /// Wraps a client whose database is set. `target` is how messages name it, without secrets.
    pub fn new(client: Client, target: &str, run_id: &str, retries: RetryPolicy) -> Self {
        let client_database = client.database().unwrap_or_default().to_owned();
        Self {
            client: with_our_habits(client),
            target: target.into(),
            database: client_database.into(),
            version: "".into(),
            retries,
            stop: None,
            outage: Arc::new(Outage::new(None)),
            interruptible: false,
            alone: false,
            run_id: run_id.into(),
            sequence: Arc::default(),
            write_settings: Arc::new(
                settings::WRITING.iter().map(|setting| (setting.name, setting.value)).collect(),
            ),
            has_own_profile: false,
            way: Way::Plain,
            place: Place::default(),
            dial: None,
            notes: None,
            killer: None,
        }
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

    /// How objects are made that all servers of this target have.
    pub fn way(&self) -> &Way {
        &self.way
    }

    /// This run's id: it prefixes every query id and names staging tables.
    pub fn run_id(&self) -> &str {
        &self.run_id
    }

    /// The schedule of retries.
    pub fn retries(&self) -> &RetryPolicy {
        &self.retries
    }

    /// The same connection, to the engine of this process: nobody else decides about its profile, so what is right there
    /// is not stated again with each statement.
    pub fn with_own_profile(self) -> Self {
        Self { has_own_profile: true, ..self }
    }

    /// The same connection, which tries nothing again once a stop is asked for. Statements in flight are finished.
    pub fn with_stop(&self, stop: &Stop) -> Self {
        Self { stop: Some(stop.clone()), ..self.clone() }
    }

    /// The same connection, whose statements are killed once a stop is asked for: for all that may be left undone.
    pub fn interruptible(&self) -> Self {
        Self { interruptible: true, ..self.clone() }
    }

    /// The same connection, whose statements note their query ids.
    pub fn noting(&self, ids: &QueryIds) -> Self {
        Self { notes: Some(ids.clone()), ..self.clone() }
    }

    /// The same connection to the embedded engine, with the rights of a reader: the summary tables and views, no more.
    pub fn as_reader(&self) -> Self {
        let client = self.client.clone().with_setting("role", "reader");
        Self { client, ..self.clone() }.killed_by(self)
    }

    /// The same connection, whose statements are killed by another's user.
    pub fn killed_by(&self, other: &Db) -> Self {
        Self { killer: Some(other.client.clone()), ..self.clone() }
    }

    /// The same connection, to a server that can be asked whether it lives.
    pub fn with_ping(self, ping: Ping) -> Self {
        Self { outage: Arc::new(Outage::new(Some(ping))), ..self }
    }

    /// The same connection, to a server that can be spoken to anew.
    pub fn dialed(self, dial: Dial) -> Self {
        Self { dial: Some(Arc::new(dial)), ..self }
    }

    /// The same connection, to an engine that this process alone can reach.
    pub fn alone(self) -> Self {
        Self { alone: true, ..self }
    }

    /// Whether no other process can reach this database.
    pub fn is_alone(&self) -> bool {
        self.alone
    }

    /// The same connection under another name in messages.
    pub fn named(&self, target: &str) -> Self {
        Self { target: target.into(), ..self.clone() }
    }

    /// The same connection for another run.
    pub fn with_run_id(&self, run_id: &str) -> Self {
        Self { run_id: run_id.into(), ..self.clone() }
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

    /// Starts a statement of the catalogue.
    pub fn statement(&self, sql: &Sql) -> Statement<'_> {
        Statement::new(self, sql)
    }
}

/// What every client of ours has.
fn with_our_habits(client: Client) -> Client {
    let client = client.with_product_info(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"));
    // Otherwise an error mid-response looks like success.
    client.with_setting("wait_end_of_query", "1")
}
