//! Dashboards for Grafana with its ClickHouse datasource (4.x): templates beside this file, whose statements stand in
//! `sql/dashboard/`. Whose rows are seen is said by the row policies of the datasource's user.

use anyhow::{Context, Result};
use clap::ValueEnum;
use serde_json::Value;

use crate::sql;

/// Which dashboard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Dashboard {
    /// Every account side by side.
    Agency,
    /// One account.
    Account,
}

/// A name such as this stands for the file's statement.
const FOLDER: &str = "sql/dashboard/";

impl Dashboard {
    /// The dashboard as Grafana imports it.
    pub fn document(self) -> Result<Value> {
        let template = match self {
            Dashboard::Agency => include_str!("agency.json"),
            Dashboard::Account => include_str!("account.json"),
        };
        let mut document = serde_json::from_str(template).context("the template is no JSON")?;
        fill(&mut document)?;
        Ok(document)
    }
}

/// Puts statements in the place of their names.
fn fill(value: &mut Value) -> Result<()> {
    match value {
        Value::String(text) => {
            if let Some(file) = text.strip_prefix(FOLDER) {
                *text = statement(file)?;
            }
            Ok(())
        }
        Value::Array(values) => values.iter_mut().try_for_each(fill),
        Value::Object(values) => values.values_mut().try_for_each(fill),
        _ => Ok(()),
    }
}

/// A statement without its comments: a macro within one would be expanded.
fn statement(file: &str) -> Result<String> {
    let name = file.trim_end_matches(".sql");
    let found = sql::DASHBOARD.iter().find(|sql| sql.object() == name);
    let text = found.with_context(|| format!("there is no {FOLDER}{file}"))?.composed().text;
    let lines = text.lines().filter(|line| !line.trim_start().starts_with("--"));
    Ok(lines.collect::<Vec<_>>().join("\n"))
}
