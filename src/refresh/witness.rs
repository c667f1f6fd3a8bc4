//! Whether the server has started again since the sources were copied.
//!
//! The copies are in memory: after a restart they are empty, and nothing computed from them tells. A table in memory
//! that must have one row tells for all of them, as rows that a restart took never come back.

use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Result;
use tracing::warn;

use super::{snapshot, working_table};
use crate::db::codes;
use crate::db::{Db, QueryError};
use crate::lock;
use crate::schema::{self, SummaryTable};
use crate::sql;

const NAME: &str = "witness";

/// The witness of a run, made once and again after each restart.
pub struct Witness<'run> {
    db: &'run Db,
    is_needed: bool,
    is_made: AtomicBool,
    /// Whether there may be a table to drop.
    is_begun: AtomicBool,
}

/// The table of this run.
pub fn name(db: &Db) -> String {
    working_table::name(db, NAME)
}

impl<'run> Witness<'run> {
    /// The witness of a run beside summary tables of this engine. On replicas nothing is in memory.
    pub fn new(db: &'run Db, summary_engine: &str) -> Witness<'run> {
        let is_needed = schema::copies_are_in_memory(summary_engine);
        Witness { db, is_needed, is_made: AtomicBool::new(false), is_begun: AtomicBool::new(false) }
    }

    /// Makes the table before the first copy for these tables is taken.
    pub async fn call(&self, tables: &[&'static SummaryTable]) -> Result<()> {
        if !self.is_needed || snapshot::needed(tables).is_empty() || self.is_made.load(Ordering::Relaxed) {
            return Ok(());
        }
        let db = &self.db.interruptible();
        let work = async || {
            db.statement(&sql::CREATE_WITNESS).param("witness", name(db)).writing().once().execute().await
        };
        // A table may be there already: emptied by a restart, or left by a try whose answer was lost.
        let is_clean = !self.is_begun.swap(true, Ordering::Relaxed);
        working_table::make(db, NAME, is_clean, work).await?;
        self.is_made.store(true, Ordering::Relaxed);
        Ok(())
    }

    /// Whether every copy that was taken since is still what it was. If not, the next call makes a new witness.
    pub async fn vouches(&self) -> Result<bool> {
        if !self.is_made.load(Ordering::Relaxed) {
            return Ok(true);
        }
        let db = &self.db.interruptible();
        let counting = db.statement(&sql::ROW_COUNT).generated_name("table", &name(db)).fetch_one::<u64>();
        let is_there = match counting.await {
            Ok(rows) => rows > 0,
            Err(error) if QueryError::code_of(&error) == Some(codes::UNKNOWN_TABLE) => {
                return Err(lock::lost("a run that removed our working tables").into());
            }
            Err(error) => return Err(error),
        };
        self.is_made.store(is_there, Ordering::Relaxed);
        Ok(is_there)
    }

    /// Drops the table. One that stays is removed by the next run.
    pub async fn dismiss(&self) {
        if self.is_begun.load(Ordering::Relaxed)
            && let Err(error) = working_table::drop(self.db, NAME).await
            && !self.db.is_server_gone()
        {
            warn!("a working table stays for now: {error:#}");
        }
    }
}
