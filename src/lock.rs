//! One run at a time per database: a lock file for this machine, a lock table for all machines.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use clickhouse::Row;
use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tracing::{debug, info, warn};

use crate::db::{Db, QueryError};
use crate::exit::{ExitCode, Failure};
use crate::sql;
use crate::stop::Stop;

/// A lock without a sign of life for this long is taken over.
const STALE_AFTER: Duration = Duration::from_secs(600);
/// Time between two signs of life.
const HEARTBEAT: Duration = Duration::from_secs(60);
/// Time between two looks at a lock that another run holds.
const POLL: Duration = Duration::from_millis(500);

const TABLE_ALREADY_EXISTS: u32 = 57;
const UNKNOWN_TABLE: u32 = 60;

/// The lock, held. Release it with [`Lock::release`]; the file part also falls with the process.
pub struct Lock {
    db: Db,
    _file: File,
    heartbeat: tokio::task::JoinHandle<()>,
}

#[derive(Clone, Debug, Row, Serialize, Deserialize)]
struct Beat {
    run_id: String,
    host: String,
    process_id: u32,
    lock_file: String,
}

#[derive(Debug, Row, Deserialize)]
struct Holder {
    run_id: String,
    host: String,
    process_id: u32,
    lock_file: String,
    held_since: String,
    beats: u64,
    silent_seconds: u64,
}

impl Holder {
    /// A run on this machine that held our lock file would still hold it if it lived.
    async fn is_dead(&self, ours: &Beat, db: &Db) -> Result<bool> {
        let silent_seconds = match self.beats {
            0 => db.statement(&sql::LOCK_AGE).fetch_one::<u64>().await?,
            _ => self.silent_seconds,
        };
        let same_place = self.beats > 0 && self.host == ours.host && self.lock_file == ours.lock_file;
        Ok(same_place || silent_seconds > STALE_AFTER.as_secs())
    }
}

/// Takes the lock of this database, waiting at most `wait` for another run to end.
pub async fn take(db: &Db, wait: Duration, stop: &Stop) -> Result<Lock> {
    let deadline = Instant::now() + wait;
    let path = lock_file_path(db)?;
    let file = loop {
        if let Some(file) = try_file(&path)? {
            break file;
        }
        pause(deadline, stop, || held_by(&describe_file(&path))).await?;
    };
    let beat = Beat {
        run_id: db.run_id().to_owned(),
        host: gethostname::gethostname().to_string_lossy().into_owned(),
        process_id: std::process::id(),
        lock_file: path.display().to_string(),
    };
    loop {
        match try_table(db, &beat).await? {
            None => break,
            Some(holder) => pause(deadline, stop, || held_by(&holder)).await?,
        }
    }
    debug!(lock_file = beat.lock_file, "lock taken");
    let heartbeat = tokio::spawn(keep_beating(db.clone(), beat));
    Ok(Lock { db: db.clone(), _file: file, heartbeat })
}

impl Lock {
    /// Gives the lock back.
    pub async fn release(self) -> Result<()> {
        self.heartbeat.abort();
        self.db.statement(&sql::DROP_TABLE).param("table", "ai_refresh_lock").execute().await
    }
}

fn held_by(holder: &str) -> Failure {
    Failure::new(ExitCode::LockHeld, format!("another run holds the lock: {holder}"))
        .hint("wait for it with --wait 30m, or look at `aiviews status`")
}

async fn pause(deadline: Instant, stop: &Stop, failure: impl Fn() -> Failure) -> Result<()> {
    if let Some(code) = stop.code() {
        return Err(Failure::new(code, "stopped while waiting for the lock").into());
    }
    if Instant::now() >= deadline {
        return Err(failure().into());
    }
    tokio::time::sleep(POLL).await;
    Ok(())
}

/// One file per target, in the user's state folder: never unlinked, so that its lock means something.
fn lock_file_path(db: &Db) -> Result<PathBuf> {
    use etcetera::base_strategy::{BaseStrategy, choose_base_strategy};
    let folder = choose_base_strategy()
        .ok()
        .and_then(|strategy| strategy.state_dir())
        .unwrap_or_else(std::env::temp_dir)
        .join("aiviews");
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder);
    made.with_context(|| format!("cannot make the lock folder `{}`", folder.display()))?;
    let digest = Sha256::digest(format!("{}\n{}", db.target(), db.database()));
    let name: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    Ok(folder.join(format!("{name}.lock")))
}

fn try_file(path: &PathBuf) -> Result<Option<File>> {
    let flags = rustix::fs::OFlags::NOFOLLOW.bits() as i32;
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .custom_flags(flags)
        .open(path)
        .with_context(|| format!("cannot open the lock file `{}`", path.display()))?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => {
            file.set_len(0)?;
            std::io::Write::write_all(&mut &file, describe_self().as_bytes())?;
            Ok(Some(file))
        }
        Err(rustix::io::Errno::WOULDBLOCK) => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot lock `{}`", path.display())),
    }
}

fn describe_self() -> String {
    let now = chrono::Local::now().format("%Y-%m-%d %H:%M:%S");
    format!("process {} on this machine since {now}\n", std::process::id())
}

fn describe_file(path: &PathBuf) -> String {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let line = text.lines().next().unwrap_or("a process on this machine");
    crate::output::printable(line)
}

/// Makes the lock table; returns who holds it if somebody else does.
async fn try_table(db: &Db, beat: &Beat) -> Result<Option<String>> {
    // A lock may be given back or taken over between two statements: then creating it is worth another try.
    for _ in 0..5 {
        let created = db.statement(&sql::REFRESH_LOCK).generated_name("run_id", db.run_id()).execute().await;
        match created {
            Ok(()) => {
                db.insert("ai_refresh_lock", std::slice::from_ref(beat)).await?;
                return Ok(None);
            }
            Err(error) if code_of(&error) == Some(TABLE_ALREADY_EXISTS) => {}
            Err(error) => return Err(error),
        }
        let holder: Holder = match db.statement(&sql::LOCK_HOLDER).fetch_one().await {
            Ok(holder) => holder,
            Err(error) if code_of(&error) == Some(UNKNOWN_TABLE) => continue,
            Err(error) => return Err(error),
        };
        if !holder.is_dead(beat, db).await? {
            let Holder { run_id, host, process_id, held_since, .. } = holder;
            return Ok(Some(format!(
                "run {run_id}, process {process_id} on {host}, since {held_since} (server time)"
            )));
        }
        info!(run = holder.run_id, "taking over the lock of a run that is gone");
        take_over(db).await?;
    }
    Ok(Some("runs that come and go".to_owned()))
}

async fn take_over(db: &Db) -> Result<()> {
    let aside = format!("ai_refresh_lock_aside_{}", db.run_id());
    let renamed = db.statement(&sql::LOCK_TAKE_OVER).generated_name("aside", &aside).execute().await;
    match renamed {
        Ok(()) => db.statement(&sql::DROP_TABLE).param("table", &aside).execute().await,
        // Another run was faster: it has the lock now.
        Err(error) if code_of(&error) == Some(UNKNOWN_TABLE) => Ok(()),
        Err(error) => Err(error),
    }
}

fn code_of(error: &anyhow::Error) -> Option<u32> {
    error.downcast_ref::<QueryError>().and_then(|error| error.code)
}

async fn keep_beating(db: Db, beat: Beat) {
    loop {
        tokio::time::sleep(HEARTBEAT).await;
        if let Err(error) = db.insert("ai_refresh_lock", std::slice::from_ref(&beat)).await {
            warn!("no sign of life could be written to the lock: {error:#}");
        }
    }
}
