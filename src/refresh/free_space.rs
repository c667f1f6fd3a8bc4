//! Whether the disk has room for swaps: one that fills up in the middle of a swap can leave both generations.

use anyhow::Result;
use clickhouse::Row;
use serde::Deserialize;
use tracing::debug;

use crate::db::{Db, QueryError};
use crate::exit::{ExitCode, Failure};
use crate::schema::SummaryTable;
use crate::sql;

/// A swap links the files of its part and writes some tens of KiB for each table; the rest is for the log and merges.
const LEAST_FREE: u64 = 16 << 20;

#[derive(Debug, Row, Deserialize)]
struct Free {
    free_bytes: u64,
    disk_count: u64,
}

/// Refuses to publish (exit code 1) where the disk of a table has hardly any room left.
pub async fn refuse_if_none(db: &Db, table: &SummaryTable) -> Result<()> {
    let free = match db.statement(&sql::FREE_SPACE).param("table", table.name).fetch_one::<Free>().await {
        // Who may not look at disks, or has a server without that table, publishes as before.
        Err(error) if QueryError::is_unreadable(&error) => {
            debug!("the free space cannot be looked at: {error:#}");
            return Ok(());
        }
        free => free?,
    };
    if free.disk_count == 0 || free.free_bytes >= LEAST_FREE {
        return Ok(());
    }
    let message = format!(
        "the disk of `{}` on {} has {} MiB free, and publishing needs {}",
        table.name,
        db.target(),
        free.free_bytes >> 20,
        LEAST_FREE >> 20
    );
    let hint = "make room, then run the same with --resume; nothing of this batch was published";
    Err(Failure::new(ExitCode::Failed, message).hint(hint).into())
}
