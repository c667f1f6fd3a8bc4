//! Which accounts a run is about, and their batches.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use clickhouse::Row;
use serde::Deserialize;
use tracing::warn;

use super::window::Window;
use crate::account::AccountId;
use crate::db::{Db, Statement};
use crate::exit::{ExitCode, Failure};
use crate::schema::TABLES;
use crate::sql;

/// Source rows and stored rows that one batch may hold: what a staging insert keeps in memory.
const ROWS_PER_BATCH: u64 = 500_000;

/// A batch with fewer rows than this is not worth a second thread a statement.
const ROWS_FOR_ONE_THREAD: u64 = 50_000;

/// Accounts that are computed together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// The accounts.
    pub accounts: Vec<AccountId>,
    /// Source rows and stored rows of all of them.
    pub rows: u64,
}

impl Batch {
    /// Whether its rows cost less than the planning of its statements.
    pub fn is_small(&self) -> bool {
        self.rows < ROWS_FOR_ONE_THREAD
    }

    /// Whether it has more rows than a batch should: one huge account, or accounts whose rows nobody counted.
    pub fn is_large(&self) -> bool {
        self.rows > ROWS_PER_BATCH
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
        let (left, right) = self.accounts.split_at(self.accounts.len() / 2);
        [left, right].map(|accounts| Batch { accounts: accounts.to_vec(), rows: self.rows / 2 })
    }
}

/// An account with its size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Its id.
    pub account: AccountId,
    /// Source rows that its refresh reads, and rows its tables hold now.
    pub rows: u64,
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
}

#[derive(Debug, Row, Deserialize)]
struct SourceRows {
    account_id: String,
    rows_to_read: u64,
    rows_in_window: u64,
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

/// Lists the accounts with rows in the sources or in the tables: those asked for, or all.
pub async fn select(db: &Db, window: &Window, asked: &[AccountId]) -> Result<Selection> {
    let names: Vec<&str> = asked.iter().map(AccountId::as_str).collect();
    let tables: Vec<&str> = TABLES.iter().map(|table| table.name).collect();
    let stored = partitions(db, &tables, &names);
    let (sources, partitions) = match asked {
        [] => tokio::try_join!(source_rows(db, window, &[]), stored)?,
        _ => {
            // Whoever asks for an account waits for it. What the tables store of it says enough: it exists, and its
            // source has about as many rows.
            let stored = stored.await?;
            let is_new = |name: &&str| !stored.iter().any(|it| it.klaviyo_public_id == *name);
            let new: Vec<&str> = names.iter().copied().filter(is_new).collect();
            let sources = match new.is_empty() {
                true => Vec::new(),
                false => source_rows(db, window, &new).await?,
            };
            (sources, stored)
        }
    };
    let mut rows: BTreeMap<String, (u64, bool)> = BTreeMap::new();
    for source in sources {
        let entry = rows.entry(source.account_id).or_default();
        entry.0 += source.rows_to_read;
        entry.1 |= source.rows_in_window > 0;
    }
    for partition in &partitions {
        let entry = rows.entry(partition.klaviyo_public_id.clone()).or_default();
        let read = if asked.is_empty() { 0 } else { partition.stored_rows };
        entry.0 += partition.stored_rows + read;
        entry.1 = true;
    }
    let wanted: BTreeSet<&str> = names.iter().copied().collect();
    rows.retain(|id, _| wanted.is_empty() || wanted.contains(id.as_str()));

    let mut selection = Selection { partitions, ..Selection::default() };
    for (id, (rows, has_work)) in rows {
        match AccountId::new(&id) {
            None => selection.impossible.push(id.chars().take(80).collect()),
            Some(account) if has_work => selection.candidates.push(Candidate { account, rows }),
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

async fn source_rows(db: &Db, window: &Window, accounts: &[&str]) -> Result<Vec<SourceRows>> {
    window.bind(db.statement(&sql::ACCOUNTS)).param("accounts", accounts).fetch_all().await
}

/// Rows that these tables store for each of these accounts; no account means all.
pub async fn partitions(db: &Db, tables: &[&str], accounts: &[&str]) -> Result<Vec<Partition>> {
    db.statement(&sql::PARTITIONS).param("tables", tables).param("accounts", accounts).fetch_all().await
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
            None => failure.hint("check the Klaviyo public id; `aiviews status` lists the accounts"),
        }
        .into());
    }
    Ok(unseen.iter().map(|account| (*account).clone()).collect())
}

/// Cuts the run into batches by rows, or by a fixed number of accounts.
pub fn batches(candidates: &[Candidate], accounts_per_batch: Option<u32>) -> Vec<Batch> {
    let most = accounts_per_batch.map_or(usize::MAX, |number| number as usize);
    let mut batches: Vec<Batch> = Vec::new();
    for Candidate { account, rows } in candidates {
        let fits = |batch: &&mut Batch| {
            batch.accounts.len() < most
                && (accounts_per_batch.is_some() || batch.rows + rows <= ROWS_PER_BATCH)
        };
        match batches.last_mut().filter(fits) {
            Some(batch) => {
                batch.accounts.push(account.clone());
                batch.rows += rows;
            }
            None => batches.push(Batch { accounts: vec![account.clone()], rows: *rows }),
        }
    }
    batches
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidates(rows: &[u64]) -> Vec<Candidate> {
        let candidate = |(index, rows): (usize, &u64)| Candidate {
            account: AccountId::new(&format!("a{index}")).expect("plain"),
            rows: *rows,
        };
        rows.iter().enumerate().map(candidate).collect()
    }

    fn sizes(batches: &[Batch]) -> Vec<(usize, u64)> {
        batches.iter().map(|batch| (batch.accounts.len(), batch.rows)).collect()
    }

    #[test]
    fn batches_are_cut_by_rows() {
        let list = candidates(&[300_000, 200_000, 1, 900_000, 5]);
        assert_eq!(sizes(&batches(&list, None)), [(2, 500_000), (1, 1), (1, 900_000), (1, 5)]);
    }

    #[test]
    fn batches_are_cut_by_number_when_asked() {
        let list = candidates(&[300_000, 300_000, 300_000]);
        assert_eq!(sizes(&batches(&list, Some(2))), [(2, 600_000), (1, 300_000)]);
        assert!(batches(&[], None).is_empty());
    }

    #[test]
    fn halves_have_every_account_once() {
        let whole = &batches(&candidates(&[10, 20, 30]), None)[0];
        let [left, right] = whole.halves();
        assert_eq!([left.accounts, right.accounts].concat(), whole.accounts);
    }
}
