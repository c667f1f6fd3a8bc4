//! provisional
use crate::cli::Migrate;
use crate::connection::Connection;
use crate::exit::ExitCode;
use crate::schema::{TABLES, VIEWS};
use crate::sql;
use anyhow::Result;
pub(super) async fn run(c: &Connection, _a: &Migrate) -> Result<ExitCode> {
    for t in &TABLES {
        c.db.statement(&t.ddl).execute().await?;
    }
    c.db.statement(&sql::REFRESH_LOG).execute().await?;
    for v in &VIEWS {
        c.db.statement(v).execute().await?;
    }
    Ok(ExitCode::Done)
}
