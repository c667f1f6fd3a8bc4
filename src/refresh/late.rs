//! Corrections of days that runs no longer read: who has them, and from which week on.

use std::collections::BTreeMap;

use anyhow::Result;
use chrono::NaiveDate;
use clickhouse::Row;
use serde::{Deserialize, Serialize};

use super::options::Options;
use super::window::{Clock, monday};
use crate::account::AccountId;
use crate::db::Db;
use crate::sql;

/// Late source rows of an account.
#[derive(Debug, Row, Serialize, Deserialize)]
pub struct Late {
    /// Unchecked: a source may hold any text.
    pub klaviyo_public_id: String,
    /// How many.
    pub late_rows: u64,
    /// The earliest date among them.
    pub earliest_date: String,
}

/// Accounts with source rows that no run has read since they came or changed.
pub async fn rows(db: &Db) -> Result<Vec<Late>> {
    db.statement(&sql::LATE_ROWS).fetch_all().await
}

/// The accounts with late rows, those of one week together: each refreshed from that week on.
pub async fn groups(db: &Db, options: &Options, clock: Clock) -> Result<Vec<Options>> {
    let mut groups: BTreeMap<NaiveDate, Vec<AccountId>> = BTreeMap::new();
    for late in rows(db).await? {
        let Some(account) = AccountId::new(&late.klaviyo_public_id) else { continue };
        groups.entry(monday(late.earliest_date.parse()?)).or_default().push(account);
    }
    let days = |start: NaiveDate| ((clock.today - start).num_days() + 1).clamp(1, 3650) as u16;
    let group = |(start, accounts)| Options { accounts, days: days(start), ..options.clone() };
    Ok(groups.into_iter().map(group).collect())
}
