//! The lock of several servers that share a ClickHouse Keeper: one key of a KeeperMap table. Keeper puts all inserts and
//! deletes of it in one order, whichever replica they are sent to, so of two runs exactly one has it.

use anyhow::Result;
use clickhouse::Row;
use serde::Deserialize;
use tracing::{debug, info};

use super::file::LockFile;
use super::table::{Held, Owner, STALE_AFTER};
use crate::db::failpoint::{self, Step};
use crate::db::{Db, QueryError, codes};
use crate::sql::{self, Sql, embed};

/// The table's name.
pub const TABLE: &str = "ai_refresh_keeper_lock";

static MAKE: Sql = embed!("lock/ai_refresh_keeper_lock");
static TAKE: Sql = embed!("lock/keeper_lock_take");
static HOLDER: Sql = embed!("lock/keeper_lock_holder");
static BEAT: Sql = embed!("lock/keeper_lock_beat");
static RELEASE: Sql = embed!("lock/keeper_lock_release");

/// Refuses to insert what is there, and to change what another changed meanwhile.
const STRICT: &str = "keeper_map_strict_mode";

/// What a server without KeeperMap answers: no `keeper_map_path_prefix`, no Keeper, or an engine that it does not know.
const NO_KEEPER_MAP: &[u32] =
    &[codes::BAD_ARGUMENTS, codes::UNKNOWN_STORAGE, codes::SUPPORT_IS_DISABLED, codes::NO_ZOOKEEPER];

#[derive(Row, Deserialize)]
struct Entry {
    run_id: String,
    owner: String,
    held_since: String,
    silent_seconds: u64,
}

impl Entry {
    fn held(&self) -> Held {
        let owner = serde_json::from_str(&self.owner).ok();
        Held::new(owner, self.held_since.clone(), self.silent_seconds)
    }

    fn is_silent(&self) -> bool {
        self.silent_seconds > STALE_AFTER.as_secs()
    }
}

/// Makes the table where it is not there, the server has a Keeper and lets tables use it.
pub(super) async fn make(db: &Db) -> Result<()> {
    if db.way().is_plain() || is_there(db).await? {
        return Ok(());
    }
    let path = format!("/aiviews/{}", db.database());
    // Another try would be refused alike.
    match db.statement(&MAKE).literal("path", &path).giving_up_on(codes::NO_ZOOKEEPER).execute().await {
        Err(error) if QueryError::code_of(&error).is_some_and(|code| NO_KEEPER_MAP.contains(&code)) => {
            debug!("no KeeperMap here, so the lock is a table: {error:#}");
            Ok(())
        }
        made => made,
    }
}

/// Whether the lock of this database is a key of Keeper.
pub(super) async fn is_there(db: &Db) -> Result<bool> {
    if db.way().is_plain() {
        return Ok(false);
    }
    let engines: Vec<String> = db.statement(&sql::TABLE_ENGINE).param("table", TABLE).fetch_all().await?;
    Ok(!engines.is_empty())
}

/// The lock as it is held now, by whomever.
pub(super) async fn held(db: &Db) -> Result<Option<Held>> {
    Ok(entry(db).await?.map(|entry| entry.held()))
}

async fn entry(db: &Db) -> Result<Option<Entry>> {
    let found: Vec<Entry> = db.statement(&HOLDER).fetch_all().await?;
    Ok(found.into_iter().next())
}

/// Inserts the key; returns who holds the lock if somebody else does.
pub(super) async fn try_take(db: &Db, ours: &Owner, file: &LockFile) -> Result<Option<String>> {
    // A lock may be given back or taken over between two statements: then another try is worth it.
    for _ in 0..5 {
        match failpoint::step(Step::Lock, insert(db, ours)).await {
            Ok(()) => return Ok(None),
            // Somebody has it, or Keeper was not reached: the next statement tells.
            Err(error) if QueryError::code_of(&error) == Some(codes::KEEPER_EXCEPTION) => {}
            Err(error) => return Err(error),
        }
        let Some(entry) = entry(db).await? else { continue };
        let held = entry.held();
        // An answer may be lost after the key was made: then the lock is ours already.
        if held.owner.as_ref() == Some(ours) {
            return Ok(None);
        }
        if !entry.is_silent() && !held.is_of_an_earlier_run(ours, file) {
            return Ok(Some(held.to_string()));
        }
        info!("taking over the lock of a run that is gone: {held}");
        release(db, &entry.run_id).await?;
    }
    Ok(Some("runs that come and go".to_owned()))
}

async fn insert(db: &Db, ours: &Owner) -> Result<()> {
    let taking =
        db.statement(&TAKE).param("run_id", &ours.run_id).param("owner", serde_json::to_string(ours)?);
    taking.setting(STRICT, 1).giving_up_on(codes::KEEPER_EXCEPTION).execute().await
}

/// Gives a sign of life.
pub(super) async fn beat(db: &Db) -> Result<()> {
    db.statement(&BEAT).param("run_id", db.run_id()).setting(STRICT, 1).execute().await
}

/// Removes the lock of this run, if it has it.
pub(super) async fn release(db: &Db, run_id: &str) -> Result<()> {
    db.statement(&RELEASE).param("run_id", run_id).setting(STRICT, 1).execute().await
}

/// Whether the owner's last sign of life is too old.
pub(super) async fn is_silent(db: &Db) -> Result<bool> {
    Ok(entry(db).await?.is_none_or(|entry| entry.is_silent()))
}
