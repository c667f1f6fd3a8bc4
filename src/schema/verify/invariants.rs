//! What must hold for the rows of a table: one row per key, and numbers that are numbers.

use anyhow::{Context, Result};
use clickhouse::Row;
use serde::Deserialize;

use crate::db::Db;
use crate::output::printable;
use crate::schema::SummaryTable;
use crate::schema::diff::{Finding, Severity};
use crate::sql::{self, Sql};

#[derive(Row, Deserialize)]
struct Violation {
    account: String,
    duplicates: i64,
    not_finite: Vec<u64>,
}

/// One query over the whole table; at most twenty accounts are reported.
pub(super) async fn check(db: &Db, table: &SummaryTable) -> Result<Vec<Finding>> {
    let definition = table.definition();
    let floats: Vec<&str> = definition
        .columns
        .iter()
        .filter(|column| column.column_type.starts_with("Float"))
        .map(|column| column.name.as_str())
        .collect();
    let text = sql::INVARIANTS.text.replace("<<float_columns>>", &floats.join(", "));
    let sql = Sql { name: format!("checks/invariants of {}", table.name).into(), text: text.into() };
    let statement = db.statement(&sql).generated_name("table", table.name);
    let violations: Vec<Violation> =
        statement.fetch_all().await.with_context(|| format!("cannot check the rows of `{}`", table.name))?;
    let mut findings = Vec::new();
    for violation in violations {
        let account = printable(&violation.account);
        if violation.duplicates != 0 {
            findings.push(Finding {
                severity: Severity::Error,
                object: table.name.to_owned(),
                expected: format!("one row per {}", definition.sorting_key),
                found: format!("rows too many in account `{account}`: {}", violation.duplicates),
                // OPTIMIZE would keep rows whose keys have vanished.
                remedy: format!(
                    "run `aiviews populate --klaviyo-id {account}`: it writes one row of each key"
                ),
            });
        }
        for (column, count) in floats.iter().zip(violation.not_finite).filter(|(_, count)| *count > 0) {
            findings.push(Finding {
                severity: Severity::Error,
                object: format!("{}.{column}", table.name),
                expected: "finite numbers".to_owned(),
                found: format!("NaN or infinity, rows of account `{account}`: {count}"),
                remedy: "run `aiviews populate` for this account and the dates of these rows".to_owned(),
            });
        }
    }
    Ok(findings)
}
