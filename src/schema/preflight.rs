//! What must be right before the first write: the schema is as `migrate` makes it, and the sources keep their contract.

use anyhow::Result;

use crate::db::Db;
use crate::exit::{ExitCode, Failure};
use crate::schema::diff::{self, Difference, Severity};
use crate::schema::migrate::Survey;
use crate::schema::source_reading;

/// Refuses with exit code 6 where the schema or a source is not as expected.
pub async fn check(db: &Db) -> Result<()> {
    let survey = Survey::read(db).await?;
    refuse(&survey.pending())?;
    let is_error = |it: &Difference| it.severity() == Severity::Error;
    refuse(&diff::compare_sources(&survey.live).into_iter().filter(is_error).collect::<Vec<_>>())?;
    let unreadable = source_reading::check(db, &survey.live).await?;
    refuse(&unreadable.into_iter().filter(is_error).collect::<Vec<_>>())
}

/// Refuses with exit code 6 where the summary tables are not as expected.
pub async fn check_schema(db: &Db) -> Result<()> {
    refuse(&Survey::read(db).await?.pending())
}

fn refuse(differences: &[Difference]) -> Result<()> {
    let Some(first) = differences.first() else { return Ok(()) };
    Err(Failure::new(ExitCode::SchemaMismatch, diff::describe(differences)).hint(first.remedy()).into())
}
