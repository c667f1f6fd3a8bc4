//! An account leaves: its partition is dropped from every summary table, and the log says so.

use std::collections::BTreeMap;

use anyhow::Result;

use crate::account::AccountId;
use crate::db::Db;
use crate::exit::{ExitCode, Failure};
use crate::refresh::window::{Clock, Window};
use crate::refresh::{accounts, publish};
use crate::run_log::{self, Entry, Outcome, State};
use crate::schema::TABLES;

/// Drops the account's partitions. Returns the rows that were removed, by table. The caller holds the lock.
pub async fn forget(db: &Db, account: &AccountId) -> Result<BTreeMap<&'static str, u64>> {
    let window = Window::new(None, 1, Clock::read(db).await?)?;
    let names: Vec<&str> = TABLES.iter().map(|table| table.name).collect();
    let stored = accounts::partitions(db, &names, &[account.as_str()]).await?;
    let mut removed = BTreeMap::new();
    for table in &TABLES {
        let is_ours = |partition: &&accounts::Partition| {
            partition.table_name == table.name && partition.klaviyo_public_id == account.as_str()
        };
        let Some(partition) = stored.iter().find(is_ours) else { continue };
        publish::drop_partition(db, table, account).await?;
        let entry = Entry::new(db, &window, account, table, State::Forgotten, Outcome::default());
        run_log::write(db, &[entry]).await?;
        removed.insert(table.name, partition.stored_rows);
    }
    if removed.is_empty() {
        let message = format!("account `{account}` has no row in any summary table");
        return Err(Failure::new(ExitCode::Usage, message).hint("ids differ by upper and lower case").into());
    }
    Ok(removed)
}
