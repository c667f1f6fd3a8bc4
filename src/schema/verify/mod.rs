//! Compares the database with what migrate makes, the sources with what refreshes read, and the rows with what must
//! hold for every row. Only reads, so that a read-only user can run it.

mod chatbot;
mod contract;
mod invariants;

use anyhow::Result;
use serde::Serialize;

use crate::db::Db;
use crate::output::printable;
use crate::schema::capacity::{self, Crowded};
use crate::schema::diff::{self, Difference, Finding, Severity};
use crate::schema::ledger::STEPS;
use crate::schema::migrate::Survey;
use crate::schema::source_reading;
use crate::schema::topology;
use crate::schema::trouble::{self, Troubled};
use crate::schema::{SOURCES, SummaryTable, TABLES, VIEWS};
use crate::sql;

pub use chatbot::verify_chatbot;
pub use contract::verify_sql;

/// What a verification found.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Whether no finding is an error.
    pub ok: bool,
    /// Errors and warnings.
    pub findings: Vec<Finding>,
    /// What was compared, in words.
    #[serde(skip)]
    pub compared: String,
}

impl Report {
    fn new(findings: Vec<Finding>, compared: String) -> Report {
        let ok = findings.iter().all(|finding| finding.severity != Severity::Error);
        Report { ok, findings, compared }
    }

    /// The number of findings of this severity.
    pub fn count(&self, severity: Severity) -> usize {
        self.findings.iter().filter(|finding| finding.severity == severity).count()
    }
}

/// Verifies a database.
pub async fn verify(db: &Db) -> Result<Report> {
    let survey = Survey::read(db).await?;
    let differences = survey.differences();
    let mut sources = diff::compare_sources(&survey.live);
    sources.extend(source_reading::check(db, &survey.live).await?);
    let mut findings: Vec<Finding> = differences.iter().chain(&sources).map(Finding::from).collect();
    // A table without the right columns is an error already, and cannot be asked for its rows.
    for table in TABLES.iter().filter(|table| is_whole(table, &differences)) {
        findings.extend(invariants::check(db, table).await?);
    }
    if !differences
        .iter()
        .any(|it| it.table() == sql::REFRESH_LOG.object() && it.severity() == Severity::Error)
    {
        findings.extend(trouble::broken_off(db).await?.iter().map(describe_broken_off));
    }
    findings.extend(capacity::crowded(db).await?.iter().map(describe_crowded));
    findings.extend(topology::missing(db).await?);
    let way = if db.way().is_plain() { String::new() } else { format!("{}: ", db.way()) };
    let compared = format!(
        "{way}{} tables, {} views, the run log, the ledger of {} steps, {} source views; one row per key, every number finite",
        TABLES.len(),
        VIEWS.len(),
        STEPS.len(),
        SOURCES.len()
    );
    Ok(Report::new(findings, compared))
}

fn describe_broken_off(left: &Troubled) -> Finding {
    Finding {
        severity: Severity::Error,
        object: left.tables.join(", "),
        expected: "each table with the rows of one refresh".to_owned(),
        found: format!(
            "account `{}` as run {} left it while publishing: old rows, new ones or both",
            printable(&left.klaviyo_public_id),
            left.run_id
        ),
        remedy: "run `aiviews populate`: it redoes what broke off, whichever accounts it is for".to_owned(),
    }
}

fn describe_crowded(table: &Crowded) -> Finding {
    Finding {
        severity: Severity::Warning,
        object: table.table.clone(),
        expected: format!("at most {} partitions, one per account", capacity::COMFORTABLE),
        found: table.partitions.to_string(),
        remedy: capacity::REMEDY.to_owned(),
    }
}

fn is_whole(table: &SummaryTable, differences: &[Difference]) -> bool {
    !differences
        .iter()
        .any(|it| it.table() == table.name && it.severity() == Severity::Error && !it.is_about_words())
}
