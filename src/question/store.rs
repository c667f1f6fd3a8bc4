//! What people call an account, and the currency of its money, as `ai_notes` has them.

use std::collections::BTreeMap;

use anyhow::Result;
use clickhouse::Row;
use serde::{Deserialize, Serialize};

use super::Currency;
use crate::account::AccountId;
use crate::db::{Db, QueryError, codes};
use crate::{output, sql};

/// The kind of note that is a store's name.
pub const STORE_NAME: &str = "store_name";
/// The kind of note that is a currency.
pub const CURRENCY: &str = "currency";

/// A table that is not there, as before the first migration of this version, and one that a user may not read.
const NOT_TO_BE_READ: [u32; 2] = [codes::UNKNOWN_TABLE, codes::ACCESS_DENIED];

/// A store, as far as people have told about it.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Store {
    /// Its name, without control characters.
    #[serde(rename = "store_name")]
    pub name: Option<String>,
    /// The currency of its money.
    pub currency: Option<Currency>,
}

/// The stores of some accounts.
#[derive(Clone, Debug, Default)]
pub struct Stores(BTreeMap<String, Store>);

#[derive(Row, Deserialize)]
struct Told {
    klaviyo_public_id: String,
    kind: String,
    text: String,
}

impl Stores {
    /// Reads what was told. A user who may not read it knows nothing, which is no failure.
    pub async fn read(db: &Db, accounts: &[AccountId]) -> Result<Stores> {
        let statement =
            db.statement(&sql::STORES_OF).param("accounts", accounts).giving_up_on(codes::UNKNOWN_TABLE);
        let told: Vec<Told> = match statement.fetch_all().await {
            Err(error) if QueryError::code_of(&error).is_some_and(|code| NOT_TO_BE_READ.contains(&code)) => {
                Vec::new()
            }
            told => told?,
        };
        let mut stores = Stores::default();
        for Told { klaviyo_public_id, kind, text } in told {
            stores.tell(&klaviyo_public_id, &kind, &text);
        }
        Ok(stores)
    }

    /// Stores as a test needs them: account, kind, text.
    #[cfg(test)]
    pub fn told(told: &[(&str, &str, &str)]) -> Stores {
        let mut stores = Stores::default();
        told.iter().for_each(|(account, kind, text)| stores.tell(account, kind, text));
        stores
    }

    fn tell(&mut self, account: &str, kind: &str, text: &str) {
        let store = self.0.entry(account.to_owned()).or_default();
        match kind {
            STORE_NAME => store.name = Some(output::printable(text)),
            CURRENCY => store.currency = Currency::from_code(text),
            _ => {}
        }
    }

    /// The store of an account; one without name and currency where nothing was told.
    pub fn of(&self, account: &str) -> Store {
        self.0.get(account).cloned().unwrap_or_default()
    }

    /// The currency of an account's money, if it is known.
    pub fn currency(&self, account: &str) -> Option<Currency> {
        self.0.get(account)?.currency
    }

    /// `Blue Shop (XqkVGb)`, or the id alone.
    pub fn title(&self, account: &str) -> String {
        match self.of(account).name {
            Some(name) => format!("{name} ({account})"),
            None => account.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_is_what_was_told() {
        let stores = Stores::told(&[
            ("XqkVGb", STORE_NAME, "Blue\u{1b} Shop"),
            ("XqkVGb", CURRENCY, "EUR"),
            ("A1b2C3", CURRENCY, "euros"),
        ]);
        assert_eq!(stores.title("XqkVGb"), "Blue\u{fffd} Shop (XqkVGb)");
        assert_eq!(stores.currency("XqkVGb"), Currency::from_code("EUR"));
        assert_eq!(stores.currency("A1b2C3"), None, "no code of a currency");
        assert_eq!(stores.title("A1b2C3"), "A1b2C3");
    }
}
