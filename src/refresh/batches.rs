//! How much an account brings, and the batches that accounts are computed in.

use crate::account::AccountId;
use crate::db::Statement;

/// Source rows that one batch may read, and rows that one of its inserts may write: both are kept in memory.
pub const ROWS_IN_MEMORY: u64 = 500_000;

/// Stored rows that one batch may have. They are written by several inserts, and cost memory only as hashes of keys.
const STORED_PER_BATCH: u64 = 2_500_000;

/// A batch with fewer rows than this, of both kinds, is not worth a second thread per statement: an account of 10,000
/// source rows with a year of history is one.
const ROWS_FOR_ONE_THREAD: u64 = 200_000;

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

    /// Whether the rows were counted: not so where a source fails for the account.
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
    /// One statement per table computes all of these.
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

    /// Two batches of half the accounts each. How the rows divide between them is not known, so each counts for half.
    pub fn halves(&self) -> [Batch; 2] {
        let load = Load { source: self.load.source / 2, stored: self.load.stored / 2 };
        let (left, right) = self.accounts.split_at(self.accounts.len() / 2);
        [left, right].map(|accounts| Batch { accounts: accounts.to_vec(), load })
    }
}

/// An account with its size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Known to be a possible id.
    pub account: AccountId,
    /// Rows to read and rows to replace.
    pub load: Load,
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
