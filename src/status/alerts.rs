//! Alerts that do not arrive: what waits in the outbox, and why.

use anyhow::Result;
use clickhouse::Row;
use serde::{Deserialize, Serialize};

use crate::db::{Db, QueryError};
use crate::sql;

/// A destination that has not taken everything.
#[derive(Clone, Debug, Row, Serialize, Deserialize)]
pub struct Undelivered {
    /// Its name.
    pub destination: String,
    /// Messages that wait.
    pub messages_waiting: u64,
    /// Messages of the last week that were given up.
    pub messages_given_up: u64,
    /// Since when the oldest waits.
    pub waiting_since: String,
    /// Runs that tried.
    pub tries: u32,
    /// Why the last try failed.
    pub error: String,
}

/// The destinations that have not taken everything; none where an older version told nobody.
pub(super) async fn undelivered(db: &Db) -> Result<Vec<Undelivered>> {
    match db.statement(&sql::ALERT_STATUS).fetch_all().await {
        Err(error) if QueryError::is_unreadable(&error) => Ok(Vec::new()),
        undelivered => undelivered,
    }
}
