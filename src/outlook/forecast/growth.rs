//! How much the revenue of young days grows until it is final: measured on days that runs saw young and that are final
//! by now.

use std::collections::BTreeMap;

use anyhow::Result;
use clickhouse::Row;
use serde::Deserialize;

use super::pool::median;
use crate::db::Db;
use crate::outlook::{ACCOUNTS_AT_ONCE, Options, Refreshed};
use crate::sql;

/// The age from which a day is final, in days: orders are credited for so long.
pub const FINAL_AGE: usize = 7;
/// Days behind a measured growth.
const ENOUGH_DAYS: u64 = 14;
/// Accounts behind the growth of an account that has too few days of its own.
const ENOUGH_ACCOUNTS: usize = 5;
/// The most that a day is believed to grow.
const MOST: f64 = 3.0;

/// What days of an account had earned at one age, and have now.
#[derive(Clone, Debug, Row, Deserialize)]
pub struct Seen {
    /// The account.
    pub account: String,
    /// The age in days.
    pub age: u32,
    /// Revenue then.
    pub seen_then: f64,
    /// Revenue now.
    pub seen_now: f64,
    /// Days.
    pub days: u64,
}

/// The factor for each age from 1 to 6 days, the first element for 1.
pub type Factors = [f64; FINAL_AGE - 1];

/// What is known of all accounts.
#[derive(Debug, Default)]
pub struct Growth {
    own: BTreeMap<String, BTreeMap<u32, f64>>,
    usual: BTreeMap<u32, f64>,
}

impl Growth {
    /// Measures all accounts that were refreshed: those without a measure of their own go by the others.
    ///
    /// # Errors
    ///
    /// The tables cannot be read.
    pub async fn read(db: &Db, options: &Options, accounts: &[Refreshed]) -> Result<Growth> {
        let mut seen: Vec<Seen> = Vec::new();
        for batch in accounts.chunks(ACCOUNTS_AT_ONCE) {
            let ids: Vec<&str> = batch.iter().map(|it| it.account.as_str()).collect();
            let statement = db.statement(&sql::OUTLOOK_GROWTH).param("accounts", &ids);
            seen.extend(statement.param("made_on", options.made_on).fetch_all::<Seen>().await?);
        }
        Ok(Growth::new(&seen))
    }

    /// Reads the measurements.
    pub fn new(seen: &[Seen]) -> Growth {
        let mut growth = Growth::default();
        let mut of_age: BTreeMap<u32, Vec<f64>> = BTreeMap::new();
        for it in seen.iter().filter(|it| it.days >= ENOUGH_DAYS && it.seen_then > 0.0) {
            let factor = (it.seen_now / it.seen_then).clamp(1.0, MOST);
            growth.own.entry(it.account.clone()).or_default().insert(it.age, factor);
            of_age.entry(it.age).or_default().push(factor);
        }
        of_age.retain(|_, factors| factors.len() >= ENOUGH_ACCOUNTS);
        growth.usual = of_age.into_iter().map(|(age, factors)| (age, median(factors))).collect();
        growth
    }

    /// How much the young days of an account grow: by its own measure, else by that of the others. Nothing where an age
    /// was never measured: then young days cannot be used.
    pub fn of(&self, account: &str) -> Option<Factors> {
        let own = self.own.get(account);
        let factor = |age: u32| own.and_then(|own| own.get(&age)).or(self.usual.get(&age)).copied();
        let mut factors = [1.0; FINAL_AGE - 1];
        for (index, place) in factors.iter_mut().enumerate() {
            *place = factor(index as u32 + 1)?;
        }
        Some(factors)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(account: &str, days: u64, [then, now]: [f64; 2]) -> Vec<Seen> {
        let one = |age| Seen { account: account.to_owned(), age, seen_then: then, seen_now: now, days };
        (1..FINAL_AGE as u32).map(one).collect()
    }

    #[test]
    fn an_account_grows_by_its_own_measure() {
        let growth = Growth::new(&seen("acme", 14, [80.0, 100.0]));
        assert_eq!(growth.of("acme"), Some([1.25; 6]));
        assert_eq!(growth.of("other"), None, "one account is no usual one");
        assert_eq!(Growth::new(&seen("acme", 13, [80.0, 100.0])).of("acme"), None);
        assert_eq!(
            Growth::new(&seen("acme", 14, [80.0, 60.0])).of("acme"),
            Some([1.0; 6]),
            "nothing shrinks"
        );
        assert_eq!(Growth::new(&seen("acme", 14, [10.0, 100.0])).of("acme"), Some([3.0; 6]));
        assert_eq!(Growth::new(&seen("acme", 14, [80.0, 100.0])[1..]).of("acme"), None, "an age is missing");
    }

    #[test]
    fn an_account_without_a_measure_grows_like_the_others() {
        let finals = [110.0, 120.0, 130.0, 140.0, 150.0];
        let all: Vec<Seen> =
            finals.iter().enumerate().flat_map(|(i, now)| seen(&i.to_string(), 20, [100.0, *now])).collect();
        assert_eq!(Growth::new(&all).of("new"), Some([1.3; 6]));
    }
}
