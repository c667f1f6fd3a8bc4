//! What the sources hold of each account, also where one of them fails for the data of some account.

use anyhow::Result;
use chrono::{Days, NaiveDate};
use clickhouse::Row;
use serde::Deserialize;
use tracing::warn;

use super::error_scope;
use super::source_reach::{Newest, SourceReach};
use super::window::Window;
use crate::account::AccountId;
use crate::db::Db;
use crate::sql;

/// Accounts that one statement asks for by name where a source fails for some account.
const ACCOUNTS_READ_AT_ONCE: usize = 500;

/// What one source holds of one account.
#[derive(Debug, Row, Deserialize)]
pub(super) struct SourceRows {
    pub(super) account_id: String,
    source_name: String,
    pub(super) rows_to_read: u64,
    pub(super) rows_in_window: u64,
    #[serde(with = "clickhouse::serde::chrono::date")]
    newest_date: NaiveDate,
    newest_update: i64,
    /// Days since 1970.
    dates: Vec<u16>,
}

/// How far the sources of all accounts reach.
pub async fn reach_of_all(db: &Db, window: &Window) -> Result<SourceReach> {
    Ok(reach(true, &of_accounts(db, window, &[]).await?))
}

pub(super) fn reach(is_of_all: bool, found: &[SourceRows]) -> SourceReach {
    let mut reach = SourceReach::new(is_of_all);
    for source in found {
        let newest = Newest { date: source.newest_date, update: source.newest_update };
        let dates = source.dates.iter().map(|days| NaiveDate::default() + Days::new((*days).into()));
        reach.add(&source.account_id, source.source_name.clone(), newest, dates.collect());
    }
    reach
}

async fn of_accounts(db: &Db, window: &Window, accounts: &[&str]) -> Result<Vec<SourceRows>> {
    window.bind(db.statement(&sql::ACCOUNTS)).param("accounts", accounts).fetch_all().await
}

/// What the sources have, and the accounts for which one of them fails.
#[derive(Debug, Default)]
pub(super) struct SourceRead {
    pub(super) found: Vec<SourceRows>,
    pub(super) unreadable: Vec<String>,
}

/// Reads the sources of these accounts, or of all. Where a source fails for the data of some account, it is looked for
/// by halves, and the others are read without it: its own batch then tells what is wrong with it.
pub(super) async fn read(db: &Db, window: &Window, asked: &[&str]) -> Result<SourceRead> {
    let error = match of_accounts(db, window, asked).await {
        Err(error) if error_scope::is_about_the_data(&error) => error,
        outcome => return Ok(SourceRead { found: outcome?, ..SourceRead::default() }),
    };
    warn!("a source fails, its accounts are read by halves: {error:#}");
    let listed: Vec<String> = match asked {
        [] => db.statement(&sql::SOURCE_IDS).fetch_all().await?,
        _ => Vec::new(),
    };
    let ids: Vec<&str> = asked.iter().copied().chain(listed.iter().map(String::as_str)).collect();
    let mut read = SourceRead::default();
    let (possible, impossible): (Vec<&str>, Vec<&str>) =
        ids.into_iter().partition(|id| AccountId::new(id).is_some());
    read.unreadable.extend(impossible.into_iter().map(str::to_owned));
    let mut waiting: Vec<&[&str]> = possible.chunks(ACCOUNTS_READ_AT_ONCE).collect();
    while let Some(accounts) = waiting.pop() {
        match of_accounts(db, window, accounts).await {
            Ok(found) => read.found.extend(found),
            Err(error) if !error_scope::is_about_the_data(&error) => return Err(error),
            Err(_) => match accounts {
                [account] => read.unreadable.push((*account).to_owned()),
                _ => {
                    let (left, right) = accounts.split_at(accounts.len() / 2);
                    waiting.extend([left, right]);
                }
            },
        }
    }
    Ok(read)
}
