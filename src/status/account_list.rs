//! Which accounts there are: those of the summary tables, and those of the sources where they may be read.

use std::collections::BTreeMap;

use anyhow::Result;
use clickhouse::Row;
use serde::{Deserialize, Serialize};

use crate::account::AccountId;
use crate::db::codes;
use crate::db::{Db, QueryError};
use crate::schema::{SummaryTable, TABLES};
use crate::sql;

/// ClickHouse's codes where there are no sources, or none for this user.
const NO_SOURCES: [Option<u32>; 2] = [Some(codes::UNKNOWN_TABLE), Some(codes::ACCESS_DENIED)];

/// What `accounts` tells of an account.
#[derive(Debug, Default, Serialize)]
pub struct Account {
    /// Unchecked: a source may hold any text.
    pub klaviyo_public_id: String,
    /// Rows in the summary tables.
    pub row_count: u64,
    /// The newest date of these rows; none without one.
    pub newest_date: Option<String>,
    /// When it was last refreshed, by the server's clock; none if it never was.
    pub refreshed_at: Option<String>,
    /// The newest date of its source rows; none if there are none, or none that may be read.
    pub newest_source_date: Option<String>,
}

#[derive(Row, Deserialize)]
struct Summarized {
    klaviyo_public_id: String,
    row_count: u64,
    newest_date: String,
    refreshed_at: String,
}

#[derive(Row, Deserialize)]
struct InSource {
    klaviyo_public_id: String,
    newest_source_date: String,
}

/// All accounts, by id.
pub async fn read(db: &Db) -> Result<Vec<Account>> {
    let mut accounts: BTreeMap<String, Account> = BTreeMap::new();
    for row in in_tables(db).await? {
        let account = accounts.entry(row.klaviyo_public_id).or_default();
        account.row_count = row.row_count;
        (account.newest_date, account.refreshed_at) = (Some(row.newest_date), Some(row.refreshed_at));
    }
    for row in in_sources(db).await? {
        accounts.entry(row.klaviyo_public_id).or_default().newest_source_date = Some(row.newest_source_date);
    }
    let named = |(id, account)| Account { klaviyo_public_id: id, ..account };
    Ok(accounts.into_iter().map(named).collect())
}

async fn in_tables(db: &Db) -> Result<Vec<Summarized>> {
    let of_table = |table: &SummaryTable| {
        let text = sql::ACCOUNTS_OF_TABLE.text.replace("<<table>>", table.name);
        let text = text.replace("<<date_column>>", table.grain.date_column());
        text.lines().skip(1).collect::<Vec<_>>().join("\n")
    };
    let tables = TABLES.iter().map(of_table).collect::<Vec<_>>().join("\n    UNION ALL\n");
    let sql::Sql { name, text } = &sql::SUMMARY_ACCOUNTS;
    let whole = sql::Sql { name: name.clone(), text: text.replace("<<tables>>", &tables).into() };
    db.statement(&whole).fetch_all().await
}

async fn in_sources(db: &Db) -> Result<Vec<InSource>> {
    let outcome = db.statement(&sql::SOURCE_ACCOUNTS).fetch_all().await;
    outcome.or_else(|error| {
        let code = error.downcast_ref::<QueryError>().and_then(|error| error.code);
        if code.is_some() && NO_SOURCES.contains(&code) { Ok(Vec::new()) } else { Err(error) }
    })
}

/// The accounts that questions can be asked about.
pub async fn summarized(db: &Db) -> Result<Vec<AccountId>> {
    Ok(in_tables(db).await?.iter().filter_map(|row| AccountId::new(&row.klaviyo_public_id)).collect())
}
