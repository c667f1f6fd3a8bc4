//! Where the database differs from what it should be. `migrate` mends these differences, `verify` reports them.
//!
//! Comparing is pure: definitions and live schema in, differences out.

mod column;
mod ledger;
mod lifetime;
mod source;
mod table;
mod view;

use serde::Serialize;

use crate::schema::ledger::Entry;
use crate::schema::live::LiveSchema;
use crate::schema::{self, Definition};
use crate::sql;

pub use source::compare_sources;

/// What makes a difference go away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mend {
    /// `migrate` creates the object.
    Create,
    /// `migrate` runs this step.
    Step(u32),
    /// `migrate` sets this comment; without a column, that of the table.
    Comment {
        /// Column, or empty for the table itself.
        column: String,
        /// The right text.
        comment: String,
    },
    /// `migrate` sets these settings of the table, where it may: nothing that a query or a refresh depends on.
    Settings(Vec<(String, String)>),
    /// `migrate` makes the view anew: a view holds no rows.
    ReplaceView,
    /// `migrate --rebuild` copies the table.
    Rebuild,
    /// Only a person can decide: what to do.
    ByHand(String),
    /// Nothing is wrong enough to act on.
    Nothing(String),
}

/// One place where the database is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Table, view, or column as `table.column`.
    pub object: String,
    /// What there should be.
    pub expected: String,
    /// In the database, as the server prints it.
    pub found: String,
    /// The way out.
    pub mend: Mend,
}

/// Whether a finding fails a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// It does.
    Error,
    /// It is worth knowing.
    Warning,
}

/// A difference as a report shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Whether it fails a check.
    pub severity: Severity,
    /// Table, view, or column as `table.column`.
    pub object: String,
    /// What there should be.
    pub expected: String,
    /// In the database, as the server prints it.
    pub found: String,
    /// What a person should do.
    pub remedy: String,
}

impl From<&Difference> for Finding {
    fn from(difference: &Difference) -> Self {
        Self {
            severity: difference.severity(),
            object: difference.object.clone(),
            expected: difference.expected.clone(),
            found: difference.found.clone(),
            remedy: difference.remedy().to_owned(),
        }
    }
}

impl Difference {
    pub(crate) fn new(
        object: impl Into<String>,
        expected: impl Into<String>,
        found: impl Into<String>,
        mend: Mend,
    ) -> Self {
        Self { object: object.into(), expected: expected.into(), found: found.into(), mend }
    }

    /// Whether it fails a check.
    pub fn severity(&self) -> Severity {
        match self.mend {
            Mend::Nothing(_) | Mend::Settings(_) => Severity::Warning,
            _ => Severity::Error,
        }
    }

    /// What a person should do.
    pub fn remedy(&self) -> &str {
        match &self.mend {
            Mend::Create | Mend::Step(_) | Mend::Comment { .. } | Mend::ReplaceView => {
                "run `aiviews migrate`"
            }
            Mend::Settings(_) => {
                "run `aiviews migrate` as a user with ALTER SETTINGS: a power cut may take rows of the last minute, \
                 and old ones with them"
            }
            Mend::Rebuild => "run `aiviews migrate --rebuild`: it copies the table and keeps the old one",
            Mend::ByHand(remedy) | Mend::Nothing(remedy) => remedy,
        }
    }

    /// Whether only a comment differs: nothing that a query or a refresh depends on.
    pub fn is_about_words(&self) -> bool {
        matches!(self.mend, Mend::Comment { .. })
    }

    /// The table or view, without the column.
    pub fn table(&self) -> &str {
        self.object.split('.').next().unwrap_or_default()
    }
}

/// The objects that migrate makes, as the embedded DDL states them.
#[derive(Clone, Debug)]
pub struct Expected {
    /// Run log, ledger, the tables of the door, the outlook and the alerts.
    pub internal: Vec<Definition>,
    /// As `sql/tables` has them.
    pub tables: Vec<Definition>,
    /// As `sql/views` has them.
    pub views: Vec<Definition>,
}

impl Expected {
    /// Reads the embedded DDL.
    pub fn embedded() -> Expected {
        Expected {
            internal: [&sql::SCHEMA_LEDGER, &sql::REFRESH_LOG]
                .into_iter()
                .chain(schema::CHAT_TABLES)
                .chain(&schema::OUTLOOK_TABLES)
                .chain(&schema::ALERT_TABLES)
                .map(Definition::parse)
                .collect(),
            tables: schema::TABLES.iter().map(schema::SummaryTable::definition).collect(),
            views: schema::all_views().map(Definition::parse).collect(),
        }
    }

    /// All definitions, to be formatted.
    pub fn all_mut(&mut self) -> impl Iterator<Item = &mut Definition> {
        self.internal.iter_mut().chain(&mut self.tables).chain(&mut self.views)
    }

    /// All definitions.
    pub fn all(&self) -> impl Iterator<Item = &Definition> {
        self.internal.iter().chain(&self.tables).chain(&self.views)
    }
}

/// Every difference between what migrate makes and what there is, in the order of the definitions.
pub fn compare(expected: &Expected, live: &LiveSchema, applied: &[Entry]) -> Vec<Difference> {
    let mut differences = Vec::new();
    for definition in expected.all() {
        let kind = if definition.body.is_empty() { "table" } else { "view" };
        differences.extend(match live.find(&definition.name) {
            None => vec![Difference::new(
                &definition.name,
                format!("a {kind}"),
                "nothing of this name",
                Mend::Create,
            )],
            Some(object) if kind == "view" => view::compare(definition, object),
            Some(object) => table::compare(definition, object),
        });
    }
    differences.extend(ledger::compare(applied));
    differences
}

/// The first difference in words, and how many more there are.
pub fn describe(differences: &[Difference]) -> String {
    let Some(first) = differences.first() else { return String::new() };
    let more = match differences.len() - 1 {
        0 => String::new(),
        count => format!(" (and {count} more, see `aiviews verify`)"),
    };
    format!("`{}`: expected {}, found {}{more}", first.object, first.expected, first.found)
}

#[cfg(test)]
mod tests;
