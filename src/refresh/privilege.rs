//! What a verb needs to be allowed, asked of the server in one round trip before the first write.

use std::collections::BTreeSet;

use anyhow::Result;
use clickhouse::Row;
use serde::Deserialize;
use tracing::debug;

use crate::db::codes;
use crate::db::{Db, Privilege, QueryError, quoted_name};
use crate::exit::{ExitCode, Failure};
use crate::lock;
use crate::output::printable;
use crate::refresh::{snapshot, staging, witness};
use crate::schema::migrate::Action;
use crate::schema::{self, ALERT_TABLES, OUTLOOK_TABLES, SOURCES, SummaryTable, TABLES};
use crate::sql;

/// The most privileges that a message names; the rest is counted.
const LISTED: usize = 5;

/// What taking the lock needs, and putting aside one that a broken run left.
fn to_lock(db: &Db) -> Vec<Privilege> {
    let mut all = Privilege::on(lock::TABLE, &["SELECT", "INSERT", "CREATE TABLE", "DROP TABLE"]);
    all.extend(Privilege::on(lock::aside(db), &["INSERT", "CREATE TABLE", "DROP TABLE"]));
    if !db.way().is_plain() {
        let key = ["SELECT", "INSERT", "CREATE TABLE", "ALTER UPDATE", "ALTER DELETE"];
        all.extend(Privilege::on(lock::KEEPER_TABLE, &key));
    }
    all
}

/// What refreshing these tables needs.
pub fn to_refresh(db: &Db, tables: &[&'static SummaryTable]) -> Vec<Privilege> {
    let mut all = to_lock(db);
    all.extend(Privilege::on(sql::REFRESH_LOG.object(), &["SELECT", "INSERT"]));
    all.extend(Privilege::on("system.parts", &["SELECT"]));
    for source in SOURCES.iter() {
        all.push(Privilege::read(&source.name, source.columns.iter().map(|(name, _)| name.clone())));
    }
    for table in tables {
        all.extend(Privilege::on(table.name, &["SELECT", "INSERT", "ALTER DELETE"]));
        let staging = ["SELECT", "INSERT", "OPTIMIZE", "CREATE TABLE", "DROP TABLE"];
        all.extend(Privilege::on(staging::name(db, table), &staging));
    }
    if !db.way().is_plain() {
        all.extend(TABLES.iter().flat_map(|table| Privilege::on(table.name, &["SYSTEM SYNC REPLICA"])));
        all.extend(Privilege::on(sql::REFRESH_LOG.object(), &["SYSTEM SYNC REPLICA"]));
    }
    let snapshots = snapshot::needed(tables);
    let witness = (!snapshots.is_empty()).then(|| witness::name(db));
    for copy in snapshots.into_iter().map(|source| snapshot::name(db, source)).chain(witness) {
        all.extend(Privilege::on(copy, &["SELECT", "INSERT", "CREATE TABLE", "DROP TABLE"]));
    }
    all
}

/// What writing the outlook after a refresh needs.
pub fn to_look_ahead() -> Vec<Privilege> {
    let tables = OUTLOOK_TABLES.iter().map(sql::Sql::object);
    tables.flat_map(|table| Privilege::on(table, &["SELECT", "INSERT"])).collect()
}

/// What telling people needs beside reading.
pub fn to_alert(db: &Db) -> Vec<Privilege> {
    let mut all = to_lock(db);
    all.extend(ALERT_TABLES.iter().flat_map(|table| Privilege::on(table.object(), &["SELECT", "INSERT"])));
    all
}

/// What dropping an account's partitions needs.
pub fn to_forget(db: &Db) -> Vec<Privilege> {
    let mut all = to_lock(db);
    all.extend(Privilege::on(sql::REFRESH_LOG.object(), &["SELECT", "INSERT"]));
    all.extend(Privilege::on("system.parts", &["SELECT"]));
    all.extend(TABLES.iter().flat_map(|table| Privilege::on(table.name, &["SELECT", "ALTER DELETE"])));
    for object in
        [&sql::CHAT_LOG, &sql::NOTES].map(sql::Sql::object).into_iter().chain(schema::beside_of_accounts())
    {
        all.extend(Privilege::on(object, &["SELECT", "ALTER DELETE"]));
    }
    all
}

/// What these actions of a migration need. Seeing every object is part of it: what is hidden looks missing.
pub fn to_migrate(db: &Db, actions: &[Action]) -> Vec<Privilege> {
    let mut all = to_lock(db);
    let tables = TABLES.iter().map(|table| table.name);
    let objects = tables.chain(schema::all_views().chain([&sql::REFRESH_LOG]).map(sql::Sql::object)).chain(
        schema::CHAT_TABLES.into_iter().chain(&OUTLOOK_TABLES).chain(&ALERT_TABLES).map(sql::Sql::object),
    );
    all.extend(objects.flat_map(|object| Privilege::on(object, &["SELECT"])));
    all.extend(Privilege::on(sql::SCHEMA_LEDGER.object(), &["SELECT", "INSERT"]));
    for action in actions {
        let object = action.object();
        all.extend(match action {
            Action::CreateTable(_) => Privilege::on(object, &["CREATE TABLE"]),
            Action::CreateView(_) => Privilege::on(object, &["CREATE VIEW"]),
            Action::ReplaceView { .. } => Privilege::on(object, &["CREATE VIEW", "DROP VIEW"]),
            Action::Step { .. } => Privilege::on(object, &["ALTER ADD COLUMN"]),
            Action::Comments { .. } => {
                Privilege::on(object, &["ALTER COMMENT COLUMN", "ALTER MODIFY COMMENT"])
            }
            // Done where it may be: see `may_set`.
            Action::Settings { .. } => Vec::new(),
            Action::Rebuild { .. } => Privilege::on(object, &["INSERT", "CREATE TABLE", "DROP TABLE"]),
        });
    }
    all
}

/// Whether this user may set the settings of these tables, and take the lock for it.
pub async fn may_set(db: &Db, tables: &[&str]) -> Result<bool> {
    let mut all = to_lock(db);
    all.extend(tables.iter().flat_map(|table| Privilege::on(*table, &["ALTER SETTINGS"])));
    are_granted(db, &all).await
}

#[derive(Debug, Row, Deserialize)]
struct Session {
    user_name: String,
    readonly: String,
}

/// Refuses with exit code 7 where the user lacks one of these privileges, and names it.
pub async fn refuse_missing(db: &Db, privileges: &[Privilege]) -> Result<()> {
    if are_granted(db, privileges).await? {
        return Ok(());
    }
    let Session { user_name, readonly } = db.statement(&sql::SESSION_USER).fetch_one().await?;
    let user = printable(&user_name);
    if readonly != "0" {
        let message =
            format!("user `{user}` may only read on {}: its setting `readonly` is {readonly}", db.target());
        let hint = "writing verbs need the refresher's user (README, Production)";
        return Err(Failure::new(ExitCode::AccessDenied, message).hint(hint).into());
    }
    let mut missing = Vec::new();
    for privilege in privileges {
        if !are_granted(db, std::slice::from_ref(privilege)).await? {
            missing.push(privilege);
        }
    }
    let named: Vec<String> = missing.iter().take(LISTED).map(ToString::to_string).collect();
    let more = match missing.len().saturating_sub(LISTED) {
        0 => String::new(),
        count => format!(" (and {count} more)"),
    };
    let message = format!("user `{user}` on {} lacks {}{more}", db.target(), named.join(", "));
    Err(Failure::new(ExitCode::AccessDenied, message)
        .hint(printable(&remedy(db, &user_name, &missing)))
        .into())
}

async fn are_granted(db: &Db, privileges: &[Privilege]) -> Result<bool> {
    match db.statement(&sql::CHECK_GRANT).privileges(privileges).fetch_format("TabSeparated").await {
        Ok(answer) => Ok(answer.trim_ascii() != b"0"),
        // The server does not know `CHECK GRANT`: its first refusal has to do.
        Err(error) if QueryError::code_of(&error) == Some(codes::SYNTAX_ERROR) => {
            debug!("this server cannot be asked for privileges: {error:#}");
            Ok(true)
        }
        Err(error) => Err(error),
    }
}

/// The statement that grants them, on the whole database as the README has it.
fn remedy(db: &Db, user: &str, missing: &[&Privilege]) -> String {
    let grant = |scope: &str, is_meant: &dyn Fn(&Privilege) -> bool| {
        let rights: BTreeSet<&str> =
            missing.iter().filter(|privilege| is_meant(privilege)).map(|privilege| privilege.right).collect();
        let rights: Vec<&str> = rights.into_iter().collect();
        (!rights.is_empty())
            .then(|| format!("GRANT {} ON {scope} TO {}", rights.join(", "), quoted_name(user)))
    };
    let is_of_system = |privilege: &Privilege| privilege.object.starts_with("system.");
    let ours = grant(&format!("{}.*", quoted_name(db.database())), &|privilege| !is_of_system(privilege));
    let grants: Vec<String> = ours.into_iter().chain(grant("system.parts", &is_of_system)).collect();
    format!("{} (README, Production)", grants.join(", and "))
}
