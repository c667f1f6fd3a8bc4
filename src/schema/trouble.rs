//! Accounts in trouble, as the run log tells: their last refresh failed, was held back or broke off.

use anyhow::Result;
use clickhouse::Row;
use serde::{Deserialize, Serialize};

use crate::db::Db;
use crate::{lock, sql};

/// The state of a table whose swap was announced and never reported.
const PUBLISHING: &str = "publishing";

/// An account in trouble.
#[derive(Clone, Debug, Row, Serialize, Deserialize)]
pub struct Troubled {
    /// Unchecked, as the log has it.
    pub klaviyo_public_id: String,
    /// `failed`, `held_back` or `publishing` (broken off).
    pub state: String,
    /// Those that this state is about.
    pub tables: Vec<String>,
    /// Why.
    pub error: String,
    /// The run that left it so.
    pub run_id: String,
}

/// Every account in trouble.
pub async fn read(db: &Db) -> Result<Vec<Troubled>> {
    db.statement(&sql::TROUBLED_ACCOUNTS).fetch_all().await
}

/// Accounts that a run which is gone left while publishing, with the tables that it never reported.
pub async fn broken_off(db: &Db) -> Result<Vec<Troubled>> {
    without_a_run(db, &read(db).await?).await
}

/// Those of them that were left while publishing by a run that is gone.
pub async fn without_a_run(db: &Db, troubled: &[Troubled]) -> Result<Vec<Troubled>> {
    let mut left = troubled.to_vec();
    left.retain(|it| it.state == PUBLISHING);
    if !left.is_empty() {
        let living = lock::living_run(db).await?;
        left.retain(|it| living.as_ref() != Some(&it.run_id));
    }
    Ok(left)
}
