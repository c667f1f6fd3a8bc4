//! Proves on an empty database that the embedded SQL makes the contract: the columns that production's readers know.

use anyhow::Result;

use super::Report;
use crate::db::Db;
use crate::exit::stop::Stop;
use crate::schema::diff::{Expected, Finding, Severity};
use crate::schema::live::{LiveObject, LiveSchema};
use crate::schema::migrate::{self, Rebuilds, Survey};
use crate::schema::{TABLES, VIEWS};
use crate::sql;

/// One column of the contract.
struct ContractColumn {
    object: &'static str,
    kind: &'static str,
    position: usize,
    name: &'static str,
    column_type: &'static str,
}

fn contract() -> impl Iterator<Item = ContractColumn> {
    sql::CONTRACT.lines().skip(1).map(|line| {
        let fields: Vec<&str> = line.split('\t').collect();
        let [object, kind, position, name, column_type] = fields[..] else {
            panic!("sql/contract.tsv: {line}")
        };
        let position = position.parse().unwrap_or_else(|_| panic!("sql/contract.tsv: {line}"));
        ContractColumn { object, kind, position, name, column_type }
    })
}

/// Migrates an empty database and compares what it then has with the contract.
pub async fn verify_sql(db: &Db) -> Result<Report> {
    let plan = migrate::plan(&Survey::read(db).await?.differences(), Rebuilds::Leave);
    let (_sender, stop) = Stop::by_hand();
    migrate::execute(db, &plan.actions, &stop, |_, _| {}).await?;
    let after = Survey::read(db).await?;
    let mut findings: Vec<Finding> = after.differences().iter().map(Finding::from).collect();
    findings.extend(compare(&after.live));
    findings.extend(without_comment(&after.expected, &after.live));
    let compared = format!(
        "an empty database, migrated, has the {} columns of the contract in {} tables and {} views, and a comment on each",
        contract().count(),
        TABLES.len(),
        VIEWS.len()
    );
    Ok(Report::new(findings, compared))
}

fn finding(object: String, expected: impl Into<String>, found: impl Into<String>) -> Finding {
    let remedy = "correct the files in sql/tables and sql/views".to_owned();
    Finding { severity: Severity::Error, object, expected: expected.into(), found: found.into(), remedy }
}

fn compare(live: &LiveSchema) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut objects: Vec<(&str, &str, usize)> = Vec::new();
    for column in contract() {
        match objects.last_mut() {
            Some((object, _, columns)) if *object == column.object => *columns += 1,
            _ => objects.push((column.object, column.kind, 1)),
        }
        let expected = format!("{} {} at position {}", column.name, column.column_type, column.position);
        let found = live.find(column.object).and_then(|object| object.columns.get(column.position - 1));
        let found = match found {
            Some(found) => format!("{} {} at position {}", found.name, found.column_type, column.position),
            None => "nothing there".to_owned(),
        };
        if expected != found {
            findings.push(finding(format!("{}.{}", column.object, column.name), expected, found));
        }
    }
    for (name, kind, columns) in objects {
        let Some(object) = live.find(name) else { continue };
        findings.extend(compare_kind(object, kind, columns));
    }
    findings
}

/// A table may have more columns, a view may not.
fn compare_kind(object: &LiveObject, kind: &str, columns: usize) -> Option<Finding> {
    let found_kind = if object.engine == "View" { "view" } else { "table" };
    if kind != found_kind {
        return Some(finding(object.name.clone(), format!("a {kind}"), format!("a {found_kind}")));
    }
    let found = object.columns.len();
    let too_many = kind == "view" && found > columns;
    too_many.then(|| finding(object.name.clone(), format!("{columns} columns"), format!("{found} columns")))
}

fn without_comment(expected: &Expected, live: &LiveSchema) -> Vec<Finding> {
    let objects = expected.all().filter_map(|definition| live.find(&definition.name));
    let names = objects.flat_map(|object| {
        let own = (object.name.clone(), &object.comment);
        let columns =
            object.columns.iter().map(|column| (format!("{}.{}", object.name, column.name), &column.comment));
        std::iter::once(own).chain(columns)
    });
    names
        .filter(|(_, comment)| comment.is_empty())
        .map(|(name, _)| finding(name, "a comment", "no comment"))
        .collect()
}
