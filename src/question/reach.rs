//! How far the numbers of accounts reach, by the run log: which days runs have read whole, table by table.
//!
//! A reader may be allowed to see the summary tables alone: then the questions estimate it from the rows.

use std::collections::BTreeMap;

use anyhow::Result;
use tracing::debug;

use super::answer::Answer;
use super::read_only;
use crate::account::AccountId;
use crate::db::{Db, QueryError};
use crate::sql;

/// ClickHouse's codes for a log that this user cannot read: not allowed, not there.
const UNREADABLE: [Option<u32>; 2] = [Some(497), Some(60)];

/// The parameter's word for "the log does not say".
const UNKNOWN: &str = "1970-01-01";

/// The last day that was read whole, by account and table.
#[derive(Clone, Debug, Default)]
pub struct Reach {
    through: BTreeMap<(String, String), String>,
}

impl Reach {
    /// Reads the run log about these accounts.
    pub async fn read(db: &Db, accounts: &[AccountId]) -> Result<Reach> {
        let statement = db.statement(&sql::PUBLISHED_THROUGH).param("accounts", accounts);
        let answer = match read_only(&statement).await {
            Ok(bytes) => Answer::parse(&bytes)?,
            Err(error) if is_unreadable(&error) => {
                debug!("the run log cannot be read, the rows have to say how far they reach: {error:#}");
                return Ok(Reach::default());
            }
            Err(error) => return Err(error),
        };
        let key = |row| (answer.text(row, "account"), answer.text(row, "table_name"));
        let through = |row| answer.text(row, "published_through");
        Ok(Reach { through: (0..answer.rows.len()).map(|row| (key(row), through(row))).collect() })
    }

    /// The day that all of these tables reach, for each account. A table that was never published holds nothing back:
    /// it has no rows to be wrong about.
    pub(super) fn of_tables(&self, accounts: &[AccountId], tables: &[&str]) -> Vec<&str> {
        let through = |account: &AccountId| {
            let days = tables
                .iter()
                .filter_map(|table| self.through.get(&(account.as_str().to_owned(), (*table).to_owned())));
            days.min().map_or(UNKNOWN, String::as_str)
        };
        accounts.iter().map(through).collect()
    }
}

fn is_unreadable(error: &anyhow::Error) -> bool {
    error.downcast_ref::<QueryError>().is_some_and(|error| UNREADABLE.contains(&error.code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_that_is_farthest_behind_decides() {
        let key = |account: &str, table: &str| (account.to_owned(), table.to_owned());
        let day = |text: &str| text.to_owned();
        let through = [
            (key("acme", "flow_ai_summary"), day("2024-03-09")),
            (key("acme", "form_ai_performance"), day("2024-03-06")),
        ];
        let reach = Reach { through: through.into() };
        let accounts = ["acme", "other"].map(|id| AccountId::new(id).expect("an id"));
        let of = |tables: &[&str]| reach.of_tables(&accounts, tables).join(" ");
        assert_eq!(of(&["flow_ai_summary", "segment_ai_trends"]), "2024-03-09 1970-01-01");
        assert_eq!(of(&["flow_ai_summary", "form_ai_performance"]), "2024-03-06 1970-01-01");
    }
}
