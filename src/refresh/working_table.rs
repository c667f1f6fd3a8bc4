//! A run's working tables: snapshots of sources and staging tables, named, made anew and dropped in one way.

use std::cell::Cell;

use anyhow::Result;

use crate::db::Db;
use crate::db::codes;
use crate::sql;

/// The working table of this run for this object.
pub fn name(db: &Db, object: &str) -> String {
    format!("ai_staging_{}_{object}", db.run_id())
}

/// Makes and fills the working table for this object. A try whose outcome is in doubt may have left rows behind, as
/// may an earlier batch (`is_clean` says not): then what is there is dropped first.
pub async fn make(db: &Db, object: &str, is_clean: bool, work: impl AsyncFn() -> Result<()>) -> Result<()> {
    let is_clean = Cell::new(is_clean);
    let attempt = async || {
        if !is_clean.replace(false) {
            drop(db, object).await?;
        }
        work().await
    };
    db.retrying(codes::MEMORY_LIMIT_EXCEEDED, attempt).await
}

/// Drops the working table for this object.
pub async fn drop(db: &Db, object: &str) -> Result<()> {
    db.statement(&sql::DROP_TABLE).param("table", name(db, object)).execute().await
}

/// Staging tables and put-aside locks of runs that are gone: under the lock nobody else can own one.
pub async fn left_behind(db: &Db) -> Result<Vec<String>> {
    db.statement(&sql::WORKING_TABLES).fetch_all().await
}
