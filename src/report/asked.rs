//! What a report asks, and the answers.

use std::collections::BTreeMap;

use anyhow::Result;
use futures_util::future::try_join_all;

use super::Period;
use crate::account::AccountId;
use crate::db::Db;
use crate::question::{self, Answer, Question, Reach, Value};

/// A question with how it was asked and its answer.
pub struct Asked {
    /// The question.
    pub question: &'static Question,
    /// The parameters.
    values: Vec<(&'static str, Value)>,
    /// The answer, rounded as `query` shows it, about one account.
    pub answer: Answer,
}

impl Asked {
    /// The parameters as `query --param` takes them, one after the other.
    pub fn parameters(&self) -> String {
        let pairs = self.values.iter().map(|(name, value)| format!("{name}={value}"));
        pairs.collect::<Vec<_>>().join(" ")
    }
}

/// The answers by question.
pub struct Answers(BTreeMap<&'static str, Asked>);

/// A question and the parameters that it is asked with.
pub type Wanted = (&'static str, &'static [(&'static str, &'static str)]);

/// Asked for every report.
const ALWAYS: [Wanted; 5] = [
    ("best_day_to_send", &[]),
    ("list_health", &[("limit", "30")]),
    ("segments", &[]),
    ("forms", &[]),
    ("revenue_outlook", &[]),
];
const WEEK: [Wanted; 8] = [
    ("week_against_week", &[]),
    ("timeline", &[("months", "0")]),
    ("weekly_revenue", &[]),
    ("why_revenue_changed", &[]),
    ("what_changed", &[("limit", "6")]),
    ("channels_compared", &[("days", "7")]),
    ("top_campaigns", &[("days", "7"), ("limit", "5")]),
    ("flows_by_revenue", &[("days", "7"), ("limit", "8")]),
];
const MONTH: [Wanted; 6] = [
    ("stores_compared", &[]),
    ("monthly_history", &[]),
    ("why_revenue_changed", &[("days", "30")]),
    ("channels_compared", &[]),
    ("top_campaigns", &[("limit", "5")]),
    ("flows_by_revenue", &[("limit", "8")]),
];
/// Campaigns of the newest 7 days are never among the worst, so even a week looks back further.
const WORST: [Wanted; 1] = [("worst_campaigns", &[("days", "30"), ("limit", "5")])];

impl Answers {
    /// Asks everything that a report of this period needs, at the same time.
    pub async fn ask(db: &Db, account: &AccountId, period: Period, reach: &Reach) -> Result<Answers> {
        let own: &[Wanted] = match period {
            Period::Week => &WEEK,
            Period::Month => &MONTH,
        };
        Self::ask_these(db, account, own.iter().chain(&ALWAYS).chain(&WORST), reach).await
    }

    /// Asks these, at the same time.
    pub async fn ask_these(
        db: &Db,
        account: &AccountId,
        wanted: impl Iterator<Item = &Wanted>,
        reach: &Reach,
    ) -> Result<Answers> {
        let accounts = std::slice::from_ref(account);
        let asking = wanted.map(async |(name, given)| {
            let question = question::find(name)?;
            let given: Vec<(String, String)> =
                given.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            let values = question.values(&given)?;
            let answer = question.ask_within(db, accounts, &values, reach).await?.without_account();
            anyhow::Ok((*name, Asked { question, values, answer }))
        });
        Ok(Answers(try_join_all(asking).await?.into_iter().collect()))
    }

    /// The answer to a question, if the report asks it and it has rows.
    pub fn get(&self, name: &str) -> Option<&Asked> {
        self.0.get(name).filter(|asked| !asked.answer.rows.is_empty())
    }
}

#[cfg(test)]
impl Answers {
    /// Made by hand.
    pub fn of(answers: Vec<(&'static str, Answer)>) -> Answers {
        let asked = |(name, answer)| {
            let question = question::find(name).expect("a question");
            (name, Asked { question, values: Vec::new(), answer })
        };
        Answers(answers.into_iter().map(asked).collect())
    }
}
