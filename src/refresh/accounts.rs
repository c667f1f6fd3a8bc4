//! Which accounts a run is about, and their batches.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use chrono::{Days, NaiveDate};
use clickhouse::Row;
use serde::Deserialize;
use tracing::warn;

use super::error_scope;
use super::source_reach::{Newest, SourceReach};
use super::window::Window;
use crate::account::AccountId;
use crate::db::{Db, Statement};
use crate::exit::{ExitCode, Failure};
use crate::schema::TABLES;
use crate::sql;

/// Source rows that one batch may read, and rows that one of its inserts may write: both are kept in memory.
pub const ROWS_IN_MEMORY: u64 = 500_000;

/// Stored rows that one batch may have. They are written by several inserts, and cost memory only as hashes of keys.
const STORED_PER_BATCH: u64 = 2_500_000;

/// A batch with fewer rows than this, of both kinds, is not worth a second thread a statement: an account of 10,000
/// source rows with a year of history is one.
const ROWS_FOR_ONE_THREAD: u64 = 200_000;

/// Accounts that one statement asks for by name where a source fails for some account.
const ACCOUNTS_READ_AT_ONCE: usize = 500;

/// How much there is to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Load {
    /// Source rows that a refresh reads.
    pub source: u64,
    /// Rows that the tables hold now.
    pub stored: u64,
}

impl Load {
    /// Not counted.
    pub const UNKNOWN: Load = Load { source: u64::MAX, stored: u64::MAX };

    /// Whether somebody has counted.
    pub fn is_known(self) -> bool {
        self.source != u64::MAX
    }

    /// Rows of both kinds.
    pub fn rows(self) -> u64 {
        self.source.saturating_add(self.stored)
    }

    fn plus(self, other: Load) -> Load {
        Load {
            source: self.source.saturating_add(other.source),
            stored: self.stored.saturating_add(other.stored),
        }
    }

    fn fits_a_batch(self) -> bool {
        self.source <= ROWS_IN_MEMORY && self.stored <= STORED_PER_BATCH
    }
}

/// Accounts that are computed together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// The accounts.
    pub accounts: Vec<AccountId>,
    /// What all of them bring.
    pub load: Load,
}

impl Batch {
    /// Whether its rows cost less than the planning of its statements.
    pub fn is_small(&self) -> bool {
        self.load.rows() < ROWS_FOR_ONE_THREAD
    }

    /// Whether a table of it takes more memory than one should: a huge account, or accounts that nobody counted.
    pub fn is_large(&self) -> bool {
        self.load.source > ROWS_IN_MEMORY || (self.accounts.len() == 1 && self.load.stored > ROWS_IN_MEMORY)
    }

    /// The same statement about this batch, on one thread where more would only cost.
    pub fn threaded<'db>(&self, statement: Statement<'db>) -> Statement<'db> {
        match self.is_small() {
            true => statement.setting("max_threads", 1),
            false => statement,
        }
    }

    /// Two smaller ones. Which of the rows are whose is not known any more, so each half counts as half.
    pub fn halves(&self) -> [Batch; 2] {
        let load = Load { source: self.load.source / 2, stored: self.load.stored / 2 };
        let (left, right) = self.accounts.split_at(self.accounts.len() / 2);
        [left, right].map(|accounts| Batch { accounts: accounts.to_vec(), load })
    }
}

/// An account with its size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Its id.
    pub account: AccountId,
    /// What it brings.
    pub load: Load,
}

/// The accounts of a run.
#[derive(Debug, Default)]
pub struct Selection {
    /// Accounts to refresh, in the order of the run.
    pub candidates: Vec<Candidate>,
    /// Accounts without a row on either side.
    pub nothing_to_do: Vec<AccountId>,
    /// Ids in a source that no Klaviyo account has: never sent anywhere, reported.
    pub impossible: Vec<String>,
    /// What the tables store of them before the run.
    pub partitions: Vec<Partition>,
    /// How far their sources reach.
    pub sources: SourceReach,
}

#[derive(Debug, Row, Deserialize)]
struct SourceRows {
    account_id: String,
    source_name: String,
    rows_to_read: u64,
    rows_in_window: u64,
    #[serde(with = "clickhouse::serde::chrono::date")]
    newest_date: NaiveDate,
    newest_update: i64,
    /// Days since 1970.
    dates: Vec<u16>,
}

/// Rows that one table holds for one account.
#[derive(Debug, Row, Deserialize)]
pub struct Partition {
    /// The table.
    pub table_name: String,
    /// The account, which is the partition.
    pub klaviyo_public_id: String,
    /// Rows as stored, older versions of a key included.
    pub stored_rows: u64,
    /// Parts that they are in.
    pub parts: u64,
}

/// Lists the accounts with rows in the sources or in these partitions: those asked for, or all.
pub async fn select(
    db: &Db,
    window: &Window,
    asked: &[AccountId],
    partitions: Vec<Partition>,
) -> Result<Selection> {
    let names: Vec<&str> = asked.iter().map(AccountId::as_str).collect();
    let SourceRead { found, unreadable } = read_sources(db, window, &names).await?;
    let sources = reach(asked.is_empty() && unreadable.is_empty(), &found);
    let mut loads: BTreeMap<String, (Load, bool)> = BTreeMap::new();
    for source in found {
        let (load, has_work) = loads.entry(source.account_id).or_default();
        load.source += source.rows_to_read;
        *has_work |= source.rows_in_window > 0;
    }
    for id in unreadable {
        loads.insert(id, (Load::UNKNOWN, true));
    }
    for partition in &partitions {
        let (load, has_work) = loads.entry(partition.klaviyo_public_id.clone()).or_default();
        load.stored = load.stored.saturating_add(partition.stored_rows);
        *has_work = true;
    }
    let wanted: BTreeSet<&str> = names.iter().copied().collect();
    loads.retain(|id, _| wanted.is_empty() || wanted.contains(id.as_str()));

    let mut selection = Selection { partitions, sources, ..Selection::default() };
    for (id, (load, has_work)) in loads {
        match AccountId::new(&id) {
            None => selection.impossible.push(id.chars().take(80).collect()),
            Some(account) if has_work => selection.candidates.push(Candidate { account, load }),
            Some(account) => selection.nothing_to_do.push(account),
        }
    }
    let unseen: Vec<&AccountId> = asked.iter().filter(|account| !selection.mentions(account)).collect();
    if !unseen.is_empty() {
        let known = refuse_unknown(db, &unseen).await?;
        selection.nothing_to_do.extend(known);
    }
    for id in &selection.impossible {
        warn!(
            account = crate::output::printable(id),
            "skipped: a source has rows of an id that no account can have"
        );
    }
    Ok(selection)
}

impl Selection {
    /// Whether the run refreshes this account.
    pub fn refreshes(&self, account: &AccountId) -> bool {
        self.candidates.iter().any(|candidate| candidate.account == *account)
    }

    fn mentions(&self, account: &AccountId) -> bool {
        self.nothing_to_do.contains(account) || self.refreshes(account)
    }

    /// Puts these accounts first.
    pub fn put_first(&mut self, accounts: &[AccountId]) {
        let is_first = |candidate: &Candidate| accounts.contains(&candidate.account);
        self.candidates.sort_by_key(|candidate| !is_first(candidate));
    }

    /// Leaves these accounts out; returns how many.
    pub fn leave_out(&mut self, accounts: &[String]) -> usize {
        let before = self.candidates.len();
        let done: BTreeSet<&str> = accounts.iter().map(String::as_str).collect();
        self.candidates.retain(|candidate| !done.contains(candidate.account.as_str()));
        before - self.candidates.len()
    }
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

/// How far the sources of all accounts reach.
pub async fn sources_of_all(db: &Db, window: &Window) -> Result<SourceReach> {
    Ok(reach(true, &source_rows(db, window, &[]).await?))
}

fn reach(is_of_all: bool, found: &[SourceRows]) -> SourceReach {
    let mut reach = SourceReach::new(is_of_all);
    for source in found {
        let newest = Newest { date: source.newest_date, update: source.newest_update };
        let dates = source.dates.iter().map(|days| NaiveDate::default() + Days::new((*days).into()));
        reach.add(&source.account_id, source.source_name.clone(), newest, dates.collect());
    }
    reach
}

async fn source_rows(db: &Db, window: &Window, accounts: &[&str]) -> Result<Vec<SourceRows>> {
    window.bind(db.statement(&sql::ACCOUNTS)).param("accounts", accounts).fetch_all().await
}

/// What the sources have, and the accounts for which one of them fails.
#[derive(Debug, Default)]
struct SourceRead {
    found: Vec<SourceRows>,
    unreadable: Vec<String>,
}

/// Reads the sources of these accounts, or of all. Where a source fails for the data of some account, it is looked for
/// by halves, and the others are read without it: its own batch then tells what is wrong with it.
async fn read_sources(db: &Db, window: &Window, asked: &[&str]) -> Result<SourceRead> {
    let error = match source_rows(db, window, asked).await {
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
        match source_rows(db, window, accounts).await {
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

/// Rows that all summary tables store for each of these accounts; no account means all.
pub async fn all_partitions(db: &Db, accounts: &[AccountId]) -> Result<Vec<Partition>> {
    let tables: Vec<&str> = TABLES.iter().map(|table| table.name).collect();
    partitions(db, &tables, &accounts.iter().map(AccountId::as_str).collect::<Vec<_>>()).await
}

/// Rows that these tables store for each of these accounts; no account means all.
pub async fn partitions(db: &Db, tables: &[&str], accounts: &[&str]) -> Result<Vec<Partition>> {
    db.statement(&sql::PARTITIONS).param("tables", tables).param("accounts", accounts).fetch_all().await
}

/// Those of these accounts that have rows here, in a source or in a table.
pub async fn known(db: &Db, accounts: &[AccountId]) -> Result<Vec<AccountId>> {
    let lower: Vec<String> = accounts.iter().map(|account| account.as_str().to_lowercase()).collect();
    let in_sources: Vec<String> =
        db.statement(&sql::KNOWN_ACCOUNTS).param("lower_accounts", &lower).fetch_all().await?;
    let in_tables = all_partitions(db, accounts).await?;
    let is_known = |account: &&AccountId| {
        let mut ids = in_sources.iter().chain(in_tables.iter().map(|partition| &partition.klaviyo_public_id));
        ids.any(|id| id == account.as_str())
    };
    Ok(accounts.iter().filter(is_known).cloned().collect())
}

/// Accounts that exist on some date pass; one that no source knows is a mistake of the caller.
async fn refuse_unknown(db: &Db, unseen: &[&AccountId]) -> Result<Vec<AccountId>> {
    let lower: Vec<String> = unseen.iter().map(|account| account.as_str().to_lowercase()).collect();
    let near: Vec<String> =
        db.statement(&sql::KNOWN_ACCOUNTS).param("lower_accounts", &lower).fetch_all().await?;
    for account in unseen {
        if near.iter().any(|id| id == account.as_str()) {
            continue;
        }
        let failure =
            Failure::new(ExitCode::Usage, format!("account `{account}` is in no source and in no table"));
        let same = |id: &&String| id.eq_ignore_ascii_case(account.as_str());
        return Err(match near.iter().find(same) {
            Some(id) => failure.hint(format!("did you mean `{id}`: ids differ by upper and lower case")),
            None => failure.hint("check the Klaviyo public id; `aiviews accounts` lists them"),
        }
        .into());
    }
    Ok(unseen.iter().map(|account| (*account).clone()).collect())
}

/// Cuts the run into batches by rows, or by a fixed number of accounts.
pub fn batches(candidates: &[Candidate], accounts_per_batch: Option<u32>) -> Vec<Batch> {
    let most = accounts_per_batch.map_or(usize::MAX, |number| number as usize);
    let mut batches: Vec<Batch> = Vec::new();
    for Candidate { account, load } in candidates {
        let fits = |batch: &&mut Batch| {
            batch.accounts.len() < most
                && (accounts_per_batch.is_some() || batch.load.plus(*load).fits_a_batch())
        };
        match batches.last_mut().filter(fits) {
            Some(batch) => {
                batch.accounts.push(account.clone());
                batch.load = batch.load.plus(*load);
            }
            None => batches.push(Batch { accounts: vec![account.clone()], load: *load }),
        }
    }
    batches
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidates(loads: &[(u64, u64)]) -> Vec<Candidate> {
        let candidate = |(index, (source, stored)): (usize, &(u64, u64))| Candidate {
            account: AccountId::new(&format!("a{index}")).expect("plain"),
            load: Load { source: *source, stored: *stored },
        };
        loads.iter().enumerate().map(candidate).collect()
    }

    fn sizes(batches: &[Batch]) -> Vec<(usize, u64, u64)> {
        batches.iter().map(|batch| (batch.accounts.len(), batch.load.source, batch.load.stored)).collect()
    }

    #[test]
    fn batches_are_cut_by_source_rows_and_by_stored_rows() {
        let list = candidates(&[(300_000, 0), (200_000, 0), (1, 0), (900_000, 0), (5, 0)]);
        assert_eq!(sizes(&batches(&list, None)), [(2, 500_000, 0), (1, 1, 0), (1, 900_000, 0), (1, 5, 0)]);
        let list = candidates(&[(5, 2_000_000), (5, 500_000), (5, 1), (5, 3_000_000), (5, 1)]);
        assert_eq!(
            sizes(&batches(&list, None)),
            [(2, 10, 2_500_000), (1, 5, 1), (1, 5, 3_000_000), (1, 5, 1)]
        );
    }

    #[test]
    fn a_table_at_a_time_for_one_huge_account_and_for_the_uncounted() {
        let is_large = |list: &[(u64, u64)]| batches(&candidates(list), None)[0].is_large();
        assert!(is_large(&[(500_001, 0)]));
        assert!(is_large(&[(0, 500_001)]));
        assert!(!is_large(&[(0, 400_000), (0, 400_000)]));
        assert!(Batch { load: Load::UNKNOWN, ..Batch::default() }.is_large());
    }

    #[test]
    fn batches_are_cut_by_number_when_asked() {
        let list = candidates(&[(300_000, 1), (300_000, 1), (300_000, 1)]);
        assert_eq!(sizes(&batches(&list, Some(2))), [(2, 600_000, 2), (1, 300_000, 1)]);
        assert!(batches(&[], None).is_empty());
    }

    #[test]
    fn halves_have_every_account_once() {
        let whole = &batches(&candidates(&[(10, 0), (20, 0), (30, 0)]), None)[0];
        let [left, right] = whole.halves();
        assert_eq!([left.accounts, right.accounts].concat(), whole.accounts);
    }
}
