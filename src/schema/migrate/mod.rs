//! Makes the database what it should be: tables, columns, comments, views, run log and ledger.
//!
//! Read, compare, plan, execute: planning is pure, every action can run twice, and what an interrupted migration left
//! undone is what the next one finds.

mod execute;
mod plan;
mod rebuild;

use anyhow::Result;

use crate::db::Db;
use crate::schema;
use crate::schema::diff::{self, Difference, Expected, Severity};
use crate::schema::ledger;
use crate::schema::live::{self, LiveObject, LiveSchema};
use crate::sql;

pub use execute::{execute, statements};
pub use plan::{Action, Plan, Rebuilds, plan};

/// The database as it is, and what it should be.
#[derive(Clone, Debug)]
pub struct Survey {
    /// What migrate makes, formatted as this server formats it.
    pub expected: Expected,
    /// What there is, source views included.
    pub live: LiveSchema,
    /// The steps that were applied.
    pub ledger: Vec<ledger::Entry>,
}

impl Survey {
    /// Reads what the database has: four small queries.
    pub async fn read(db: &Db) -> Result<Survey> {
        let mut expected = Expected::embedded();
        let sources = schema::SOURCES.iter().map(|source| source.name.clone());
        let names: Vec<String> =
            expected.all().map(|definition| definition.name.clone()).chain(sources).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let normalizing = live::normalize(db, expected.all_mut());
        let ((), live) = tokio::try_join!(normalizing, LiveSchema::read(db, &names))?;
        // A ledger of another shape is a difference of its own.
        let readable = |ledger: &LiveObject| {
            ["version", "name", "checksum"].iter().all(|it| ledger.column(it).is_some())
        };
        let ledger = match live.find(sql::SCHEMA_LEDGER.object()) {
            Some(object) if readable(object) => ledger::read(db).await?,
            _ => Vec::new(),
        };
        Ok(Survey { expected, live, ledger })
    }

    /// Where the two differ, sources left out.
    pub fn differences(&self) -> Vec<Difference> {
        diff::compare(&self.expected, &self.live, &self.ledger)
    }

    /// What keeps a refresh from running: missing objects, pending steps, drift. Comments and warnings do not.
    pub fn pending(&self) -> Vec<Difference> {
        let mut differences = self.differences();
        differences.retain(|it| it.severity() == Severity::Error && !it.is_about_words());
        differences
    }
}
