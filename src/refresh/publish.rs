//! Publishing: one account after the other, one atomic swap per table.

use anyhow::Result;
use tracing::warn;

use super::audit::Rows;
use super::{error_scope, staging};
use crate::account::AccountId;
use crate::db::codes;
use crate::db::{Db, QueryError};
use crate::lock;
use crate::schema::SummaryTable;
use crate::sql;

/// Makes an account's staged rows visible in one table. Readers see the old rows or the new ones.
pub async fn publish(db: &Db, table: &SummaryTable, account: &AccountId, rows: Rows) -> Result<()> {
    let staging = staging::name(db, table);
    let mut published = swap(db, table, account, rows, &staging).await;
    if let Err(error) = &published
        && error_scope::has_no_space(error)
    {
        // The swap may have left the new rows beside the old ones, which only a restart of the server shows. A second
        // one leaves one generation.
        warn!(account = account.as_str(), table = table.name, "no space while publishing; swapping again");
        published = swap(db, table, account, rows, &staging).await;
    }
    let Err(error) = published else { return Ok(()) };
    let cause = error.downcast_ref::<QueryError>();
    if cause
        .is_some_and(|cause| cause.code == Some(codes::UNKNOWN_TABLE) && error.to_string().contains(&staging))
    {
        // Another replica has none of them.
        db.refuse_if_elsewhere().await?;
        // Only a run that took the lock over removes staging tables of others, before it does anything else.
        return Err(lock::lost("a run that removed our staging tables").into());
    }
    Err(error.context(format!("cannot publish account `{account}` in `{}`", table.name)))
}

async fn swap(db: &Db, table: &SummaryTable, account: &AccountId, rows: Rows, staging: &str) -> Result<()> {
    if rows.written + rows.kept > 0 {
        let statement = db.statement(&sql::PUBLISH_PARTITION).param("target", table.name);
        let statement = statement.param("klaviyo_public_id", account).generated_name("staging", staging);
        statement.writing().execute().await
    } else if rows.present > 0 {
        // An empty source partition would be refused, or silently wipe: dropping says what is meant.
        drop_partition(db, table, account).await
    } else {
        Ok(())
    }
}

/// Removes an account's rows from one table.
pub async fn drop_partition(db: &Db, table: &SummaryTable, account: &AccountId) -> Result<()> {
    let statement = db.statement(&sql::DROP_PARTITION).param("target", table.name);
    statement.param("klaviyo_public_id", account).writing().execute().await
}
