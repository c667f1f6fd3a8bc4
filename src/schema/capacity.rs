//! How many partitions the summary tables have: one per account, the price of swapping an account at once.

use std::fmt;

use anyhow::Result;
use serde::Serialize;

use crate::db::codes;
use crate::db::{Db, QueryError};
use crate::schema::TABLES;
use crate::sql;

/// More partitions than this in one table: merges, restarts and scans of all accounts slow down.
pub const COMFORTABLE: u64 = 5_000;

/// What to do about a table with more.
pub const REMEDY: &str =
    "keep the accounts in several databases, or on a cluster; `aiviews forget` removes those that left";

#[derive(clickhouse::Row, serde::Deserialize)]
struct PartitionCount {
    name: String,
    partitions: u64,
}

/// A table with more partitions than are comfortable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Crowded {
    /// A summary table.
    pub table: String,
    /// Its number of partitions: one per account.
    pub partitions: u64,
}

impl fmt::Display for Crowded {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Crowded { table, partitions } = self;
        write!(
            formatter,
            "`{table}` has {partitions} partitions, one per account: beyond {COMFORTABLE} restarts and scans of all \
             accounts slow down; {REMEDY}"
        )
    }
}

/// The tables with more partitions than are comfortable. A reader who may not look at parts is told of none.
pub async fn crowded(db: &Db) -> Result<Vec<Crowded>> {
    let names: Vec<&str> = TABLES.iter().map(|table| table.name).collect();
    let counted = db.statement(&sql::PARTITION_COUNTS).param("names", &names).fetch_all().await;
    let counts: Vec<PartitionCount> = match counted {
        Err(error) if QueryError::code_of(&error) == Some(codes::ACCESS_DENIED) => Vec::new(),
        counted => counted?,
    };
    let crowded = counts.into_iter().filter(|count| count.partitions > COMFORTABLE);
    Ok(crowded.map(|count| Crowded { table: count.name, partitions: count.partitions }).collect())
}
