//! An account leaves: its partition is dropped from every summary table, and the log says so.

use std::collections::BTreeMap;

use anyhow::Result;
use tracing::debug;

use crate::account::AccountId;
use crate::db::Db;
use crate::exit::{ExitCode, Failure};
use crate::refresh::run_log::{self, Entry, Outcome, State};
use crate::refresh::window::{Clock, Window};
use crate::refresh::{self, partitions, publish};
use crate::schema::{self, TABLES};
use crate::sql;

/// What became of an account that left.
#[derive(Debug)]
pub struct Forgotten {
    /// The rows that were removed, by table.
    pub removed: BTreeMap<&'static str, u64>,
    /// Whether a source has rows of it: unless it is ignored, the next run of all accounts brings it back.
    pub is_in_source: bool,
}

/// Drops the account's partitions, and notes it in the log for every table, so that nothing a broken run announced
/// brings it back. The caller holds the lock: working tables that are there belong to nobody.
pub async fn forget(db: &Db, account: &AccountId, state: State) -> Result<Forgotten> {
    let window = Window::new(None, 1, Clock::read(db).await?)?;
    refresh::remove_left_behind(db).await?;
    let stored = partitions::of_all_tables(db, std::slice::from_ref(account)).await?;
    let near = near_in_sources(db, account).await;
    let is_in_source = near.iter().any(|id| id == account.as_str());
    if stored.is_empty() && !is_in_source && run_log::history(db, account).await?.is_empty() {
        return Err(unknown(account, &near).into());
    }
    let mut removed = BTreeMap::new();
    for table in &TABLES {
        let Some(partition) = stored.iter().find(|partition| partition.table_name == table.name) else {
            continue;
        };
        publish::drop_partition(db, table, account).await?;
        removed.insert(table.name, partition.stored_rows);
    }
    // What chatbots asked and people told about it goes too, and what was told to people.
    for statement in [&sql::FORGET_CHAT, &sql::FORGET_NOTES] {
        db.statement(statement).param("account", account).writing().execute().await?;
    }
    for table in schema::beside_of_accounts() {
        let statement = db.statement(&sql::FORGET_OUTLOOK).param("target", table).param("account", account);
        statement.writing().execute().await?;
    }
    let entry = |table| Entry::new(db, &window, account, table, state, Outcome::default());
    run_log::write(db, &TABLES.iter().map(entry).collect::<Vec<_>>()).await?;
    Ok(Forgotten { removed, is_in_source })
}

/// Ids of the sources that equal this one but for upper and lower case. Where the sources cannot be read, none.
async fn near_in_sources(db: &Db, account: &AccountId) -> Vec<String> {
    let statement = db.statement(&sql::KNOWN_ACCOUNTS);
    let found = statement.param("lower_accounts", [account.as_str().to_lowercase()]).fetch_all().await;
    found.unwrap_or_else(|error| {
        debug!("cannot look for the account in the sources: {error:#}");
        Vec::new()
    })
}

fn unknown(account: &AccountId, near: &[String]) -> Failure {
    let message =
        format!("account `{account}` has no row in any summary table, in no source and not in the run log");
    let failure = Failure::new(ExitCode::Usage, message);
    match near.first() {
        Some(id) => failure.hint(format!("did you mean `{id}`: ids differ by upper and lower case")),
        None => failure.hint("ids differ by upper and lower case"),
    }
}
