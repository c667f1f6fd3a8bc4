//! The steps that evolve tables which production already has, and the ledger of those applied.

use anyhow::Result;
use clickhouse::Row;
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::db::{Db, Statement};
use crate::sql::{self, Sql};

/// A statement that evolves one table. Each can run twice without harm, and runs on new tables too.
#[derive(Debug)]
pub struct Step {
    /// Its place in the order of application, from 1 without gaps.
    pub version: u32,
    /// The statement; its object is the table.
    pub sql: Sql,
}

/// All steps. A released step never changes: what comes later is a new step at the end.
pub static STEPS: [Step; 10] = [
    Step { version: 1, sql: sql::embed!("steps/campaign_ai_summary") },
    Step { version: 2, sql: sql::embed!("steps/flow_ai_summary") },
    Step { version: 3, sql: sql::embed!("steps/channel_performance_daily") },
    Step { version: 4, sql: sql::embed!("steps/segment_ai_trends") },
    Step { version: 5, sql: sql::embed!("steps/form_ai_performance") },
    Step { version: 6, sql: sql::embed!("steps/campaign_weekly_rollup") },
    Step { version: 7, sql: sql::embed!("steps/flow_weekly_rollup") },
    Step { version: 8, sql: sql::embed!("steps/ai_refresh_log") },
    Step { version: 9, sql: sql::embed!("steps/ai_chat_log") },
    Step { version: 10, sql: sql::embed!("steps/ai_anomaly_events") },
];

/// A step that the ledger says was applied.
#[derive(Clone, Debug, PartialEq, Eq, Row, Deserialize)]
pub struct Entry {
    /// As in [`STEPS`].
    pub version: u32,
    /// The table that the step evolved.
    pub name: String,
    /// SHA-256 of its text.
    pub checksum: String,
}

impl Step {
    /// Its name: the table that it evolves.
    pub fn name(&self) -> &str {
        self.sql.object()
    }

    /// SHA-256 of its text, in hexadecimal.
    pub fn checksum(&self) -> String {
        Sha256::digest(self.sql.text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The step that adds this column to this table: its text names it.
    pub fn adding(table: &str, column: &str) -> Option<&'static Step> {
        let addition = format!("ADD COLUMN IF NOT EXISTS {column} ");
        STEPS.iter().find(|step| step.name() == table && step.sql.text.contains(&addition))
    }

    /// Looks a step up by its number.
    pub fn find(version: u32) -> Option<&'static Step> {
        STEPS.iter().find(|step| step.version == version)
    }

    /// The statement that records this step as applied.
    pub fn record<'db>(&self, db: &'db Db) -> Statement<'db> {
        db.statement(&sql::RECORD_STEP)
            .generated_name("version", &self.version.to_string())
            .literal("name", self.name())
            .literal("checksum", &self.checksum())
            .literal("aiviews_version", env!("CARGO_PKG_VERSION"))
    }

    /// The entry that recording leaves.
    pub fn entry(&self) -> Entry {
        Entry { version: self.version, name: self.name().to_owned(), checksum: self.checksum() }
    }
}

/// Reads the ledger, which must exist.
pub async fn read(db: &Db) -> Result<Vec<Entry>> {
    db.statement(&sql::LEDGER_ENTRIES).fetch_all().await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema;

    #[test]
    fn versions_count_from_one() {
        for (index, step) in STEPS.iter().enumerate() {
            assert_eq!(step.version as usize, index + 1);
        }
    }

    #[test]
    fn every_additive_column_has_its_step() {
        for table in &schema::TABLES {
            let definition = table.definition();
            let contract = definition.contract_columns().len();
            for (index, column) in definition.columns.iter().enumerate() {
                let step = Step::adding(table.name, &column.name);
                assert_eq!(step.is_some(), index >= contract, "{}.{}", table.name, column.name);
            }
        }
    }
}
