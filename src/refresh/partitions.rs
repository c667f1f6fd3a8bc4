//! The rows that summary tables hold, by account: a partition is an account's.

use std::collections::BTreeMap;

use anyhow::Result;
use clickhouse::Row;
use serde::Deserialize;

use crate::account::AccountId;
use crate::db::Db;
use crate::schema::TABLES;
use crate::sql;

/// Rows that one table holds for one account.
#[derive(Debug, Row, Deserialize)]
pub struct Partition {
    /// A summary table, or a staging table.
    pub table_name: String,
    /// The account, which is the partition.
    pub klaviyo_public_id: String,
    /// Rows as stored, older versions of a key included.
    pub stored_rows: u64,
    /// Parts that they are in.
    pub parts: u64,
}

/// Stored rows by table and account.
pub type StoredRows<'partitions> = BTreeMap<(&'partitions str, &'partitions str), u64>;

/// The stored rows of these partitions.
pub fn stored_rows(partitions: &[Partition]) -> StoredRows<'_> {
    partitions
        .iter()
        .map(|it| ((it.table_name.as_str(), it.klaviyo_public_id.as_str()), it.stored_rows))
        .collect()
}

/// Rows that all summary tables store for each of these accounts; no account means all.
pub async fn of_all_tables(db: &Db, accounts: &[AccountId]) -> Result<Vec<Partition>> {
    let tables: Vec<&str> = TABLES.iter().map(|table| table.name).collect();
    of_tables(db, &tables, &accounts.iter().map(AccountId::as_str).collect::<Vec<_>>()).await
}

/// Rows that these tables store for each of these accounts; no account means all.
pub async fn of_tables(db: &Db, tables: &[&str], accounts: &[&str]) -> Result<Vec<Partition>> {
    db.statement(&sql::PARTITIONS).param("tables", tables).param("accounts", accounts).fetch_all().await
}
