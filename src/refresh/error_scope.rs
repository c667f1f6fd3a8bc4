//! What went wrong with a batch: whether a smaller one may do, and what of an account does not fit.

use anyhow::Result;
use clickhouse::Row;
use serde::Deserialize;

use super::snapshot;
use super::window::Window;
use crate::account::AccountId;
use crate::db::codes;
use crate::db::retry::Class;
use crate::db::{Db, QueryError};
use crate::exit::ExitCode;
use crate::schema::SummaryTable;

/// Codes that every other account would meet too: syntax, settings.
const SAME_FOR_ALL: &[u32] =
    &[codes::SYNTAX_ERROR, codes::UNKNOWN_SETTING, codes::SETTING_CONSTRAINT_VIOLATION];

/// A disk without space or inodes that was met while a file was written (75, 76) or made (1001).
const NO_SPACE: [&str; 2] = ["errno: 28", "No space left on device"];

/// An error of a disk that has no room for another byte or file.
pub fn has_no_space(error: &anyhow::Error) -> bool {
    error.downcast_ref::<QueryError>().is_some_and(|error| {
        let text = error.to_string();
        error.code == Some(codes::NOT_ENOUGH_SPACE) || NO_SPACE.iter().any(|words| text.contains(words))
    })
}

/// An error that another account may not have: the run goes on. A lost server or a missing privilege ends it.
pub fn is_about_the_data(error: &anyhow::Error) -> bool {
    let is_full = has_no_space(error);
    let Some(error) = error.downcast_ref::<QueryError>() else {
        return false;
    };
    let fatal = matches!(error.exit_code(), ExitCode::AccessDenied | ExitCode::SchemaMismatch) || is_full;
    match error.code {
        Some(codes::MEMORY_LIMIT_EXCEEDED) => true,
        Some(code) => error.class == Class::Never && !fatal && !SAME_FOR_ALL.contains(&code),
        None => false,
    }
}

/// An error that a smaller batch may not have.
pub fn has_remedy(error: &anyhow::Error) -> bool {
    let takes_too_long = |error: &QueryError| error.class == Class::Once && error.code.is_some();
    is_about_the_data(error) || error.downcast_ref::<QueryError>().is_some_and(takes_too_long)
}

#[derive(Debug, Row, Deserialize)]
struct Overflow {
    #[expect(dead_code, reason = "the check is asked for one account at a time")]
    klaviyo_public_id: String,
    column_name: String,
    value: String,
}

/// Names the first sum of this account that does not fit its column.
pub async fn overflow(
    db: &Db,
    tables: &[&SummaryTable],
    window: &Window,
    account: &AccountId,
) -> Result<Option<String>> {
    for table in tables {
        let Some(check) = table.overflow() else { continue };
        let statement = snapshot::bind(db, table, db.statement(&check).param("accounts", [account]));
        let found: Vec<Overflow> = window.bind(statement).fetch_all().await?;
        if let Some(Overflow { column_name, value, .. }) = found.first() {
            return Ok(Some(format!("{value} does not fit `{}.{column_name}`", table.name)));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_no_fault_of_an_account() {
        let full = [
            "Code: 243. DB::Exception: Cannot reserve 1.00 MiB, not enough space",
            "Code: 75. DB::ErrnoException: Cannot write to file /x: , errno: 28, strerror: No space left on device",
            "Code: 76. DB::ErrnoException: Cannot open file /x: , errno: 28, strerror: No space left on device",
            "Code: 1001. DB::Exception: std::exception. filesystem error: cannot create directory: No space left on device",
        ];
        for text in full {
            let error = anyhow::Error::from(QueryError::answered("test", text));
            assert!(has_no_space(&error) && !is_about_the_data(&error) && !has_remedy(&error), "{text}");
        }
        let own = "Code: 76. DB::ErrnoException: Cannot open file /x: , errno: 2, strerror: No such file";
        let own = anyhow::Error::from(QueryError::answered("test", own));
        assert!(is_about_the_data(&own) && !has_no_space(&own));
    }
}
