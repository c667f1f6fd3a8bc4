//! Snapshots: a batch's copies of the sources that several tables are computed from.
//!
//! They spare reading a source once per table, and make all tables of an account speak of the same rows.

use std::collections::BTreeMap;

use anyhow::{Context, Result};

use super::window::Window;
use super::working_table;
use crate::account::AccountId;
use crate::db::failpoint::{self, Step};
use crate::db::{Db, Statement};
use crate::schema::{SourceSnapshot, SummaryTable, TABLES};
use crate::sql::{self, Sql};

/// The table that holds the copy in this run.
pub fn name(db: &Db, source: &SourceSnapshot) -> String {
    working_table::name(db, source.name)
}

/// The sources that these tables share, each once.
pub fn needed(tables: &[&'static SummaryTable]) -> Vec<&'static SourceSnapshot> {
    let mut sources: Vec<&SourceSnapshot> = Vec::new();
    for source in tables.iter().flat_map(|table| table.snapshots) {
        if !sources.iter().any(|known| known.name == source.name) {
            sources.push(source);
        }
    }
    sources
}

/// Tells a statement of this table where the copies are.
pub fn bind<'db>(db: &Db, table: &SummaryTable, statement: Statement<'db>) -> Statement<'db> {
    table.snapshots.iter().fold(statement, |statement, source| statement.param(source.name, name(db, source)))
}

/// The engine of the summary tables, which decides the copies'.
pub async fn engine_beside(db: &Db) -> Result<String> {
    let engines: Vec<String> =
        db.statement(&sql::TABLE_ENGINE).param("table", TABLES[0].name).fetch_all().await?;
    Ok(engines.into_iter().next().unwrap_or_default())
}

/// The statements that copy the rows of these accounts: one, but where tables are made everywhere and filled here.
pub fn statements<'db>(
    db: &'db Db,
    source: &SourceSnapshot,
    summary_engine: &str,
    window: &Window,
    accounts: &[AccountId],
) -> Vec<Statement<'db>> {
    let bind = |sql: &Sql| {
        let statement = db.statement(sql).param("snapshot", name(db, source));
        window.bind(statement.param("accounts", accounts))
    };
    db.way().created_as(&source.create_beside(summary_engine)).iter().map(bind).collect()
}

/// Makes a copy; `is_clean` says that no earlier batch left one.
pub async fn take(
    db: &Db,
    source: &SourceSnapshot,
    statements: Vec<Statement<'_>>,
    is_clean: bool,
) -> Result<()> {
    let copy = async || {
        for statement in &statements {
            statement.clone().writing().once().execute().await?;
        }
        anyhow::Ok(())
    };
    let work = async || failpoint::step(Step::Snapshot, copy()).await;
    let taken = working_table::make(db, source.name, is_clean, work).await;
    taken.with_context(|| format!("cannot copy `{}`", source.name))
}

/// Rows left out because of their revenue, by account.
pub async fn rejected(db: &Db, source: &SourceSnapshot, window: &Window) -> Result<BTreeMap<String, u64>> {
    let statement = db.statement(&sql::REJECTED).param("snapshot", name(db, source));
    let rows: Vec<(String, u64)> = window.bind(statement).fetch_all().await?;
    Ok(rows.into_iter().collect())
}
