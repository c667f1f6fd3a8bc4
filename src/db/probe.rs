//! What the server is, and which of our settings it knows.

use std::sync::Arc;

use anyhow::Result;

use super::Db;
use super::settings::WRITE_SETTINGS;
use crate::exit::{ExitCode, Failure};
use crate::sql;

/// The oldest server whose SQL and settings suffice: year and month of its version.
const OLDEST_VERSION: (u32, u32) = (24, 8);

#[derive(clickhouse::Row, serde::Deserialize)]
struct ServerFacts {
    version: String,
    database_name: String,
}

fn version_number(version: &str) -> (u32, u32) {
    let mut parts = version.split('.').map(|part| part.parse().unwrap_or(0));
    (parts.next().unwrap_or(0), parts.next().unwrap_or(0))
}

impl Db {
    /// Asks the server who it is, refuses one that is too old, and keeps only the settings that it knows
    /// (an unknown one is fatal on older servers).
    pub async fn probe(&mut self) -> Result<()> {
        let facts: ServerFacts = self.statement(&sql::SERVER_FACTS).fetch_one().await?;
        if version_number(&facts.version) < OLDEST_VERSION {
            let (year, month) = OLDEST_VERSION;
            let message = format!("{} runs ClickHouse {}", self.target, facts.version);
            let hint = format!("aiviews needs ClickHouse {year}.{month} or newer");
            return Err(Failure::new(ExitCode::SchemaMismatch, message).hint(hint).into());
        }
        self.database = facts.database_name.into();
        self.version = facts.version.into();
        let wanted: Vec<&str> = WRITE_SETTINGS.iter().map(|(name, _)| *name).collect();
        let known: Vec<String> =
            self.statement(&sql::KNOWN_SETTINGS).param("names", &wanted).fetch_all().await?;
        let keep = |(name, _): &(&str, &str)| known.iter().any(|known_name| known_name == name);
        self.known_settings = Arc::new(WRITE_SETTINGS.iter().copied().filter(keep).collect());
        Ok(())
    }
}
