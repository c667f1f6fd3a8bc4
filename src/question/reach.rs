//! How far the numbers of accounts reach, by the run log: which days runs have read whole, table by table.
//!
//! A reader may be allowed to see the summary tables alone: then the questions estimate it from the rows.

use std::collections::BTreeMap;

use anyhow::Result;
use chrono::NaiveDate;
use serde::Deserialize;
use tracing::debug;

use super::SETTINGS;
use super::answer::Answer;
use crate::account::AccountId;
use crate::db::{Db, QueryError, Statement};
use crate::sql;

/// The parameters' word for "the log does not say".
const UNKNOWN: &str = "1970-01-01";

/// How far runs have read one table of one account.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Reading {
    /// The last day that was read whole; 1970-01-02 if none was.
    pub published_through: String,
    /// When the newest run started that read so far, in seconds since 1970; 0 if none did.
    pub published_at: u64,
    /// The newest day of any source, if all had stopped; else 1970-01-01.
    sources_stopped: String,
}

/// How far runs have read, by account and table.
#[derive(Clone, Debug, Default)]
pub struct Reach {
    readings: BTreeMap<String, BTreeMap<String, Reading>>,
}

impl Reach {
    /// Reads the run log about these accounts; none means all.
    pub async fn read(db: &Db, accounts: &[AccountId]) -> Result<Reach> {
        let statement = db.statement(&sql::PUBLISHED_THROUGH).param("accounts", accounts);
        let answer = match statement.fetch_within(SETTINGS).await {
            Ok(bytes) => Answer::parse(&bytes)?,
            Err(error) if QueryError::is_unreadable(&error) => {
                debug!("the run log cannot be read, the rows have to say how far they reach: {error:#}");
                return Ok(Reach::default());
            }
            Err(error) => return Err(error),
        };
        let mut readings: BTreeMap<String, BTreeMap<String, Reading>> = BTreeMap::new();
        for row in 0..answer.rows.len() {
            let reading = Reading {
                published_through: answer.text(row, "published_through"),
                published_at: answer.number(row, "published_at").unwrap_or_default() as u64,
                sources_stopped: answer.text(row, "sources_stopped"),
            };
            let tables = readings.entry(answer.text(row, "account")).or_default();
            tables.insert(answer.text(row, "table_name"), reading);
        }
        Ok(Reach { readings })
    }

    /// Notes that this table was read whole by a run of this moment.
    #[cfg(test)]
    pub(crate) fn note(&mut self, account: &str, table: &str, published_at: u64) {
        let reading = Reading { published_at, ..Reading::default() };
        self.readings.entry(account.to_owned()).or_default().insert(table.to_owned(), reading);
    }

    /// Every account that the log knows.
    pub fn accounts(&self) -> impl Iterator<Item = &str> {
        self.readings.keys().map(String::as_str)
    }

    /// The last day that runs have read whole of any table; none where they have read none.
    pub fn newest(&self) -> Option<NaiveDate> {
        let readings = self.readings.values().flat_map(|tables| tables.values());
        readings
            .filter(|reading| reading.published_at > 0)
            .filter_map(|it| it.published_through.parse().ok())
            .max()
    }

    /// How far runs have read this table of this account.
    pub fn reading(&self, account: &str, table: &str) -> Option<&Reading> {
        self.readings.get(account)?.get(table)
    }

    /// Tells a question about these tables how far each account reaches.
    pub(super) fn bind<'db>(
        &self,
        statement: Statement<'db>,
        accounts: &[AccountId],
        tables: &[&str],
    ) -> Statement<'db> {
        let of = |date: fn(&Reading) -> &str| -> Vec<&str> {
            accounts.iter().map(|account| self.earliest(account, tables, date)).collect()
        };
        statement
            .param("published_through", of(|reading| &reading.published_through))
            .param("sources_stopped", of(|reading| &reading.sources_stopped))
    }

    /// The earliest known date of these tables. A table that was never published holds nothing back: it has no rows to
    /// be wrong about.
    fn earliest(&self, account: &AccountId, tables: &[&str], date: fn(&Reading) -> &str) -> &str {
        let known = tables.iter().filter_map(|table| self.reading(account.as_str(), table)).map(date);
        known.filter(|date| *date != UNKNOWN).min().unwrap_or(UNKNOWN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_that_is_farthest_behind_decides() {
        let reading = |table: &str, through: &str| {
            let reading = Reading { published_through: through.to_owned(), ..Reading::default() };
            (table.to_owned(), reading)
        };
        let tables = [reading("flow_ai_summary", "2024-03-09"), reading("form_ai_performance", "2024-03-06")];
        let reach = Reach { readings: [("acme".to_owned(), tables.into())].into() };
        let of = |account: &str, tables: &[&str]| {
            let account = AccountId::new(account).expect("an id");
            reach.earliest(&account, tables, |reading| &reading.published_through).to_owned()
        };
        assert_eq!(of("acme", &["flow_ai_summary", "segment_ai_trends"]), "2024-03-09");
        assert_eq!(of("acme", &["flow_ai_summary", "form_ai_performance"]), "2024-03-06");
        assert_eq!(of("other", &["flow_ai_summary"]), UNKNOWN);
    }
}
