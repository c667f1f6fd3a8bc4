//! Which accounts a run is about.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use tracing::warn;

use super::batches::{Candidate, Load};
use super::partitions::{self, Partition};
use super::source_reach::SourceReach;
use super::source_rows::{self, SourceRead};
use super::window::Window;
use crate::account::AccountId;
use crate::db::Db;
use crate::exit::{ExitCode, Failure};
use crate::sql;

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

/// Lists the accounts with rows in the sources or in these partitions: those asked for, or all.
pub async fn select(
    db: &Db,
    window: &Window,
    asked: &[AccountId],
    partitions: Vec<Partition>,
) -> Result<Selection> {
    let names: Vec<&str> = asked.iter().map(AccountId::as_str).collect();
    let SourceRead { found, unreadable } = source_rows::read(db, window, &names).await?;
    let sources = source_rows::reach(asked.is_empty() && unreadable.is_empty(), &found);
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

/// Those of these accounts that have rows here, in a source or in a table.
pub async fn known(db: &Db, accounts: &[AccountId]) -> Result<Vec<AccountId>> {
    // To the statements no account means all.
    if accounts.is_empty() {
        return Ok(Vec::new());
    }
    let in_sources = near_in_sources(db, accounts.iter()).await?;
    let in_tables = partitions::of_all_tables(db, accounts).await?;
    let is_known = |account: &&AccountId| {
        let mut ids = in_sources.iter().chain(in_tables.iter().map(|partition| &partition.klaviyo_public_id));
        ids.any(|id| id == account.as_str())
    };
    Ok(accounts.iter().filter(is_known).cloned().collect())
}

/// The ids in the sources that equal one of these accounts but for upper and lower case.
async fn near_in_sources(db: &Db, accounts: impl Iterator<Item = &AccountId>) -> Result<Vec<String>> {
    let lower: Vec<String> = accounts.map(|account| account.as_str().to_lowercase()).collect();
    db.statement(&sql::KNOWN_ACCOUNTS).param("lower_accounts", &lower).fetch_all().await
}

/// Accounts that exist on some date pass; one that no source knows is a mistake of the caller.
async fn refuse_unknown(db: &Db, unseen: &[&AccountId]) -> Result<Vec<AccountId>> {
    let near = near_in_sources(db, unseen.iter().copied()).await?;
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
