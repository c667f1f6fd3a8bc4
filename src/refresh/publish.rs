//! Publishing: one account after the other, one atomic swap a table.

use anyhow::{Context, Result};

use super::audit::Rows;
use super::staging;
use crate::account::AccountId;
use crate::db::Db;
use crate::schema::SummaryTable;
use crate::sql;

/// Makes an account's staged rows visible in one table. Readers see the old rows or the new ones.
pub async fn publish(db: &Db, table: &SummaryTable, account: &AccountId, rows: Rows) -> Result<()> {
    if rows.written + rows.kept > 0 {
        let statement = db.statement(&sql::PUBLISH_PARTITION).param("target", table.name);
        let statement = statement
            .param("klaviyo_public_id", account)
            .generated_name("staging", &staging::name(db, table));
        statement.writing().execute().await
    } else if rows.present > 0 {
        // An empty source partition would be refused, or silently wipe: dropping says what is meant.
        drop_partition(db, table, account).await
    } else {
        Ok(())
    }
    .with_context(|| format!("cannot publish account `{account}` in `{}`", table.name))
}

/// Removes an account's rows from one table.
pub async fn drop_partition(db: &Db, table: &SummaryTable, account: &AccountId) -> Result<()> {
    let statement = db.statement(&sql::DROP_PARTITION).param("target", table.name);
    statement.param("klaviyo_public_id", account).writing().execute().await
}
