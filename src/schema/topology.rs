//! What a server lacks to be one of several: named by `status` and `verify`, before a migration meets it.

use anyhow::Result;
use clickhouse::{Row, RowOwned, RowRead};
use serde::Deserialize;

use crate::db::{Db, QueryError, Way, codes};
use crate::lock;
use crate::schema::diff::{Finding, Severity};
use crate::schema::{ALERT_TABLES, OUTLOOK_TABLES, TABLES};
use crate::sql::{self, Sql};

/// How the name of a staging table begins that a broken run left on replicas, and that is kept for people to look at.
pub const KEPT: &str = "ai_kept_";

/// What the default path of a replicated table consists of.
const MACROS: [&str; 2] = ["shard", "replica"];

#[derive(Row, Deserialize)]
struct Engine {
    name: String,
    engine: String,
}

/// What is missing for the way in which this server gets its tables. Each is read where this user may.
pub async fn missing(db: &Db) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    let engines: Vec<Engine> = may_read(db, &sql::TABLE_ENGINES).await?.unwrap_or_default();
    let is_ours = |engine: &&Engine| {
        let tables = TABLES
            .iter()
            .map(|table| table.name)
            .chain(OUTLOOK_TABLES.iter().chain(&ALERT_TABLES).map(Sql::object));
        tables.chain([sql::REFRESH_LOG.object(), sql::SCHEMA_LEDGER.object()]).any(|name| name == engine.name)
    };
    let ours = || engines.iter().filter(is_ours);
    for kept in engines.iter().filter(|table| table.name.starts_with(KEPT)) {
        let remedy = format!(
            "compare its rows with the table's, run `aiviews populate`, then DROP TABLE {}",
            kept.name
        );
        let found = "staged rows that a broken run may not have published";
        findings.push(finding(Severity::Warning, &kept.name, "no such table", found, &remedy));
    }
    // Made by the first run that finds a Keeper.
    let has_run = engines.iter().any(|table| table.name == sql::REFRESH_LOG.object());
    if !db.way().is_plain() && has_run && !engines.iter().any(|table| table.name == lock::KEEPER_TABLE) {
        let remedy = "set `keeper_map_path_prefix` in the server's configuration: the next run makes it; until then the lock \
                      is a table, which servers see one after the other";
        let found = "no lock in ClickHouse Keeper";
        findings.push(finding(Severity::Warning, lock::KEEPER_TABLE, "a KeeperMap table", found, remedy));
    }
    let on_replicas = |engine: &&Engine| engine.engine.starts_with("Replicated");
    match db.way() {
        Way::Cloud => {}
        Way::Plain => {
            if let Some(table) = ours().find(on_replicas) {
                let found = format!("{}, and no cluster is named", table.engine);
                let remedy = "set CLICKHOUSE_CLUSTER, or --cluster, for every verb that writes: `SHOW CLUSTERS` lists them";
                findings.push(finding(
                    Severity::Warning,
                    &table.name,
                    "a table of one server",
                    &found,
                    remedy,
                ));
            }
        }
        Way::Cluster(_) | Way::ReplicatedDatabase => {
            let remedy =
                "make its copy with a Replicated engine and EXCHANGE TABLES, or migrate an empty database";
            let alone = ours().filter(|engine| !on_replicas(engine));
            findings.extend(alone.map(|table| {
                finding(Severity::Error, &table.name, "an engine of replicas", &table.engine, remedy)
            }));
            findings.extend(missing_macros(db).await?);
        }
    }
    if let Way::Cluster(cluster) = db.way()
        && let Some(known) = may_read::<String>(db, &sql::CLUSTERS).await?
        && !known.contains(cluster)
    {
        let found = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        let remedy = "name one of these with --cluster, or add it to `remote_servers` of the server";
        findings.push(finding(
            Severity::Error,
            "system.clusters",
            &format!("cluster `{cluster}`"),
            &found,
            remedy,
        ));
    }
    for (name, reason) in db.missing_settings().await? {
        let remedy = format!("a newer server knows it; without it: {reason}");
        findings.push(finding(Severity::Warning, "system.settings", name, "an unknown setting", &remedy));
    }
    Ok(findings)
}

async fn missing_macros(db: &Db) -> Result<Vec<Finding>> {
    let Some(known) = may_read::<String>(db, &sql::MACROS).await? else { return Ok(Vec::new()) };
    let missing = MACROS.iter().filter(|name| !known.iter().any(|it| it == *name));
    let remedy =
        "set it in `macros` of the server's configuration: the default path of a replicated table has it";
    Ok(missing
        .map(|name| {
            finding(Severity::Error, "system.macros", &format!("macro `{name}`"), "none of this name", remedy)
        })
        .collect())
}

/// The rows, or none where this user may not read them.
async fn may_read<T: RowOwned + RowRead>(db: &Db, sql: &Sql) -> Result<Option<Vec<T>>> {
    match db.statement(sql).fetch_all().await {
        Err(error) if QueryError::code_of(&error) == Some(codes::ACCESS_DENIED) => Ok(None),
        rows => rows.map(Some),
    }
}

fn finding(severity: Severity, object: &str, expected: &str, found: &str, remedy: &str) -> Finding {
    let [object, expected, found, remedy] = [object, expected, found, remedy].map(str::to_owned);
    Finding { severity, object, expected, found, remedy }
}
