//! Sources in two generations that differ in every number, and what the tables show of them.

use std::collections::BTreeMap;

use aiviews::db::Db;
use aiviews::refresh::{Options, tables_named};
use aiviews::schema::SOURCES;

use crate::support::{execute, rows};

/// Dates in the sources.
pub const SOURCE_DAYS: u32 = 20;
/// Dates that refreshes of these tests recompute; older rows are history.
pub const DAYS: u32 = 7;

/// Tables that stand for the others.
pub const TABLES: [&str; 2] = ["campaign_ai_summary", "segment_ai_trends"];

/// A refresh of those dates and tables for all accounts.
pub fn options() -> Options {
    Options {
        accounts: Vec::new(),
        days: DAYS as u16,
        as_of: None,
        tables: tables_named(&TABLES.map(str::to_owned)).expect("tables"),
        resume: false,
        allow_shrink: false,
        accounts_per_batch: None,
    }
}

/// Raw tables, and views that pass everything on.
pub async fn make_sources(db: &Db) {
    for source in SOURCES.iter() {
        let columns: Vec<String> =
            source.columns.iter().map(|(name, kind)| format!("{name} {kind}")).collect();
        let raw = source.name.trim_end_matches("_latest");
        let create =
            format!("CREATE TABLE {raw} ({}) ENGINE = MergeTree ORDER BY tuple()", columns.join(", "));
        execute(db, create).await;
        execute(db, format!("CREATE VIEW {} AS SELECT * FROM {raw}", source.name)).await;
    }
}

/// The source rows of one generation: two entities an account and day.
pub async fn fill(db: &Db, accounts: &[&str], generation: u32) {
    for source in SOURCES.iter() {
        let raw = source.name.trim_end_matches("_latest");
        let select: Vec<String> = source
            .columns
            .iter()
            .map(|(name, kind)| format!("{} AS {name}", value(name, kind, generation)))
            .collect();
        execute(db, format!("TRUNCATE TABLE {raw}")).await;
        let names: Vec<String> = accounts.iter().map(|account| format!("'{account}'")).collect();
        let insert = format!(
            "INSERT INTO {raw} SELECT {} FROM numbers({}) AS n ARRAY JOIN [{}] AS account",
            select.join(", "),
            SOURCE_DAYS * 2,
            names.join(", ")
        );
        execute(db, insert).await;
    }
}

fn value(name: &str, kind: &str, generation: u32) -> String {
    match (name, kind) {
        ("klaviyo_public_id", _) => "account".to_owned(),
        ("date", _) => "today() - intDiv(n.number, 2)".to_owned(),
        ("send_channel", _) => "'email'".to_owned(),
        ("last_updated", _) => "now64(3)".to_owned(),
        ("conversion_value", _) => format!("toFloat64({generation} * 1000 + n.number * 7)"),
        ("delivered" | "recipients" | "viewed_form" | "total_members" | "members_count", _) => {
            format!("{generation} * 1000 + n.number")
        }
        (_, "String") if name.ends_with("_id") => "concat('e', toString(n.number % 2))".to_owned(),
        (_, "String") => format!("concat('name {generation} ', toString(n.number % 2))"),
        (_, kind) if kind.starts_with("Array") => "[]".to_owned(),
        _ => format!("{generation} * 10 + n.number % 5"),
    }
}

/// Fingerprints of one account in one table: rows of the window, rows outside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    pub window: String,
    pub history: String,
}

/// What each table shows of each account, without FINAL; `updated_at` does not count.
pub async fn shown(db: &Db, tables: &[&str]) -> BTreeMap<(String, String), Shown> {
    let mut all = BTreeMap::new();
    for table in tables {
        let (date, start) = match table.contains("weekly") {
            true => ("week_start_date", format!("toMonday(today() - {})", DAYS - 1)),
            false => ("date", format!("today() - {}", DAYS - 1)),
        };
        let select = format!(
            "SELECT klaviyo_public_id, \
             concat(toString(countIf({date} >= {start})), ' ', toString(sumIf(cityHash64(* EXCEPT updated_at), {date} >= {start}))), \
             concat(toString(countIf({date} < {start})), ' ', toString(sumIf(cityHash64(* EXCEPT updated_at), {date} < {start}))) \
             FROM {table} GROUP BY klaviyo_public_id"
        );
        for row in rows(db, select).await {
            let shown = Shown { window: row[1].clone(), history: row[2].clone() };
            all.insert(((*table).to_owned(), row[0].clone()), shown);
        }
    }
    all
}

/// Names of staging tables and locks that are there.
pub async fn leftovers(db: &Db) -> Vec<Vec<String>> {
    let sql = "SELECT name FROM system.tables WHERE database = currentDatabase() \
               AND (startsWith(name, 'ai_staging') OR startsWith(name, 'ai_refresh_lock'))";
    rows(db, sql).await
}

/// Newest state of each table of each account in the run log.
pub async fn states(db: &Db) -> BTreeMap<(String, String), String> {
    let sql = "SELECT table_name, klaviyo_public_id, argMax(state, (started_at, updated_at)) \
               FROM ai_refresh_log GROUP BY 1, 2";
    rows(db, sql).await.into_iter().map(|row| ((row[0].clone(), row[1].clone()), row[2].clone())).collect()
}
