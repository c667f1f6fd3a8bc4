//! The lock table: its existence is the lock of all machines, its comment names the owner, its rows are signs of life.

use std::time::Duration;

use anyhow::Result;
use clickhouse::Row;
use serde::{Deserialize, Serialize};
use tracing::{info, warn};

use super::file::LockFile;
use crate::db::codes;
use crate::db::failpoint::{self, Step};
use crate::db::{Db, QueryError};
use crate::exit::ExitCode;
use crate::sql::{self, Sql};

/// A lock without a sign of life for this long is taken over.
pub(super) const STALE_AFTER: Duration = Duration::from_secs(600);

/// The table's name.
pub const TABLE: &str = "ai_refresh_lock";

/// The run that owns a lock. It stands in the table's comment, so that a lock and its owner appear together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Owner {
    pub run_id: String,
    pub host: String,
    pub process_id: u32,
    pub lock_file: String,
    /// Which file of its disk the lock file is; none in the locks of older versions.
    #[serde(default)]
    pub lock_inode: Option<u64>,
}

/// The table as it stands.
#[derive(Debug, Row, Deserialize)]
struct Found {
    comment: String,
    held_since: String,
    age_seconds: u64,
}

/// A sign of life; its time is the server's.
#[derive(Debug, Row, Serialize, Deserialize)]
struct Sign {
    run_id: String,
}

/// A lock that some run holds.
#[derive(Debug)]
pub(super) struct Held {
    /// None where the comment is not ours to read: a table that somebody else made.
    pub owner: Option<Owner>,
    since: String,
    age_seconds: u64,
}

impl Held {
    pub(super) fn new(owner: Option<Owner>, since: String, age_seconds: u64) -> Held {
        Held { owner, since, age_seconds }
    }

    /// Whether its run had the lock file that we hold, and so is gone for certain.
    pub(super) fn is_of_an_earlier_run(&self, ours: &Owner, file: &LockFile) -> bool {
        let had_our_file = |owner: &Owner| {
            owner.host == ours.host && owner.lock_inode == ours.lock_inode && file.has_outlived(&owner.run_id)
        };
        self.owner.as_ref().is_some_and(had_our_file)
    }
}

impl std::fmt::Display for Held {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.owner {
            Some(Owner { run_id, host, process_id, .. }) => {
                write!(formatter, "run {run_id}, process {process_id} on {host}")?;
            }
            None => formatter.write_str("an unknown run")?,
        }
        write!(formatter, ", since {} (server time)", self.since)
    }
}

impl Owner {
    /// This process as the owner.
    pub(super) fn this(db: &Db, path: &std::path::Path, file: &LockFile) -> Owner {
        Owner {
            run_id: db.run_id().to_owned(),
            host: rustix::system::uname().nodename().to_string_lossy().into_owned(),
            process_id: std::process::id(),
            lock_file: path.display().to_string(),
            lock_inode: Some(file.inode()),
        }
    }
}

/// The lock as it is held now, by whomever.
pub(super) async fn held(db: &Db) -> Result<Option<Held>> {
    let found: Vec<Found> = db.statement(&sql::LOCK_HOLDER).fetch_all().await?;
    let owner_in = |comment: &str| {
        comment.split_once('{').and_then(|(_, json)| serde_json::from_str(&format!("{{{json}")).ok())
    };
    let read = |found: Found| Held::new(owner_in(&found.comment), found.held_since, found.age_seconds);
    Ok(found.into_iter().next().map(read))
}

/// Makes the lock table; returns who holds it if somebody else does.
pub(super) async fn try_take(db: &Db, ours: &Owner, file: &LockFile) -> Result<Option<String>> {
    // A lock may be given back or taken over between two statements: then creating it is worth another try.
    for _ in 0..5 {
        match failpoint::step(Step::Lock, create(db, ours)).await {
            Ok(()) => {
                failpoint::step(Step::Beat, beat(db)).await?;
                return Ok(None);
            }
            Err(error) if QueryError::code_of(&error) == Some(codes::TABLE_ALREADY_EXISTS) => {}
            Err(error) => return Err(error),
        }
        let Some(held) = held(db).await? else { continue };
        // An answer may be lost after the table was made: then the lock is ours already.
        if held.owner.as_ref() == Some(ours) {
            beat(db).await?;
            return Ok(None);
        }
        if !is_dead(db, &held, ours, file).await? {
            return Ok(Some(held.to_string()));
        }
        info!("taking over the lock of a run that is gone: {held}");
        take_over(db).await?;
    }
    Ok(Some("runs that come and go".to_owned()))
}

async fn create(db: &Db, ours: &Owner) -> Result<()> {
    let owner = serde_json::to_string(ours)?;
    db.statement(&sql::REFRESH_LOCK).literal("comment", &format!("Lock of the run {owner}")).execute().await
}

/// Gives a sign of life.
pub(super) async fn beat(db: &Db) -> Result<()> {
    db.insert(TABLE, &[Sign { run_id: db.run_id().to_owned() }]).await
}

/// Whether the owner is gone for certain: nobody else can have this engine, or the owner would still hold the file
/// that we hold, or it has been silent for too long. A host's name and a path prove nothing: two containers may have
/// the same.
async fn is_dead(db: &Db, held: &Held, ours: &Owner, file: &LockFile) -> Result<bool> {
    if db.is_alone() || held.is_of_an_earlier_run(ours, file) {
        return Ok(true);
    }
    let silence = match silence(db, &sql::LOCK_SILENCE).await {
        // The other run ended just now.
        Err(error) if QueryError::code_of(&error) == Some(codes::UNKNOWN_TABLE) => return Ok(false),
        Err(error) if is_unreadable(&error) => {
            warn!("the signs of life of the lock cannot be read: {error:#}");
            silence(db, &sql::LOCK_WRITTEN).await?
        }
        silence => silence?,
    };
    // Without a sign of life the age of the table says it all.
    Ok(silence.unwrap_or(held.age_seconds) > STALE_AFTER.as_secs())
}

async fn silence(db: &Db, sql: &Sql) -> Result<Option<u64>> {
    Ok(db.statement(sql).fetch_all().await?.first().copied())
}

/// Whether the owner's last sign of life is too old.
pub(super) async fn is_silent(db: &Db) -> Result<bool> {
    match silence(db, &sql::LOCK_SILENCE).await {
        Err(error) if QueryError::code_of(&error) == Some(codes::UNKNOWN_TABLE) => Ok(true),
        silence => Ok(silence?.is_some_and(|silence| silence > STALE_AFTER.as_secs())),
    }
}

/// The server answers, lets us read, and still cannot: the table's files are broken, as after a power cut.
fn is_unreadable(error: &anyhow::Error) -> bool {
    let error = error.downcast_ref::<QueryError>();
    error.is_some_and(|error| error.code.is_some() && error.exit_code() == ExitCode::Failed)
}

/// The name under which this run puts away the lock of one that is gone.
pub fn aside(db: &Db) -> String {
    format!("{TABLE}_aside_{}", db.run_id())
}

async fn take_over(db: &Db) -> Result<()> {
    let aside = aside(db);
    let renamed = db.statement(&sql::LOCK_TAKE_OVER).generated_name("aside", &aside).execute().await;
    match renamed {
        Ok(()) => db.statement(&sql::DROP_TABLE).param("table", &aside).everywhere().execute().await,
        // Another run was faster: it has the lock now.
        Err(error) if QueryError::code_of(&error) == Some(codes::UNKNOWN_TABLE) => Ok(()),
        Err(error) => Err(error),
    }
}
