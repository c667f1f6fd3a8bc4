//! Reports that an agency sends to its client: one page per account, every number of it from the ready-made questions
//! and from `context`.

mod asked;
pub mod chart;
mod definitions;
mod figure;
mod key_figures;
mod page;
mod pictures;
mod sentences;
mod table;
mod words;

use anyhow::Result;

use crate::account::AccountId;
use crate::context::{self, Payload};
use crate::db::Db;
use crate::question::Store;
use asked::Answers;
use figure::Money;

/// How much a report looks back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Period {
    /// The last 7 complete days.
    Week,
    /// The last 30 complete days.
    Month,
}

impl Period {
    /// Complete days.
    pub fn days(self) -> u16 {
        match self {
            Period::Week => 7,
            Period::Month => 30,
        }
    }
}

/// Everything that a page says.
pub struct Report {
    /// Klaviyo public id.
    account: String,
    store: Store,
    money: Money,
    period: Period,
    /// How far the numbers reach, and the sentences.
    context: Payload,
    answers: Answers,
}

/// Asks everything that a report of this account needs.
pub async fn of_account(db: &Db, account: &AccountId, period: Period) -> Result<Report> {
    let (context, answers) =
        futures_util::try_join!(context::of_account(db, account), Answers::ask(db, account, period))?;
    let store = context.store.clone();
    let money = Money::of(store.currency);
    Ok(Report { account: account.as_str().to_owned(), store, money, period, context, answers })
}

impl Report {
    /// The page: one self-contained HTML document.
    pub fn page(&self) -> String {
        page::write(self).into_string()
    }
}
