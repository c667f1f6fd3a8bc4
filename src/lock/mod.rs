//! One run at a time per database: a lock file for this machine, and a lock for all machines, which is a table or, where
//! several servers share a ClickHouse Keeper, a key of it.
//!
//! A run that is taken for dead (no sign of life for ten minutes) loses the lock. It notices before its next swap,
//! and cannot swap anyway: the run that took over drops its staging tables first.

mod file;
mod keeper;
mod living;
mod table;

pub use keeper::TABLE as KEEPER_TABLE;
pub use living::living_run;
pub use table::{TABLE, aside};

use std::time::{Duration, Instant, SystemTime};

use anyhow::Result;
use tracing::{debug, warn};

use crate::db::failpoint::{self, Step};
use crate::db::{Db, QueryError};
use crate::exit::stop::Stop;
use crate::exit::{ExitCode, Failure};
use crate::sql;
use file::LockFile;
use table::{Held, Owner};

/// Time between two signs of life.
const HEARTBEAT: Duration = Duration::from_secs(60);
/// A run that could give no sign of life for this long stops before others take it for dead.
const SILENT_TOO_LONG: Duration = Duration::from_secs(480);
/// Time between two looks at a lock that another run holds.
const POLL: Duration = Duration::from_millis(500);

/// How long a run that ends before it has begun tries to give the lock back.
const LONGEST_GIVING_BACK: Duration = Duration::from_secs(5);

/// The lock, held. The file part also falls with the process.
struct Lock {
    db: Db,
    _file: LockFile,
    heartbeat: tokio::task::JoinHandle<()>,
}

/// The outcome of work under the lock.
#[derive(Debug)]
pub struct Done<T> {
    /// What came of it.
    pub work: T,
    /// Whether the lock was given back.
    pub released: Result<()>,
}

/// Does the work under the lock of this database, waiting until `deadline` for another run to end.
///
/// # Errors
///
/// Exit code 4 where another run still holds the lock; else the work's own error.
pub async fn hold<T>(
    db: &Db,
    deadline: Instant,
    stop: &Stop,
    work: impl Future<Output = Result<T>>,
) -> Result<Done<T>> {
    let lock = take(db, deadline, stop).await?;
    let outcome = work.await;
    let released = lock.release().await;
    outcome.map(|work| Done { work, released })
}

/// Takes the lock of this database, waiting until `deadline` for another run to end.
async fn take(db: &Db, deadline: Instant, stop: &Stop) -> Result<Lock> {
    let path = file::path(db)?;
    let mut file = loop {
        if let Some(file) = LockFile::try_take(&path)? {
            break file;
        }
        pause(deadline, stop, || held_by(&file::holder(&path))).await?;
    };
    let owner = table::Owner::this(db, &path, &file);
    file.name_run(db.run_id())?;
    let impatient = db.interruptible();
    let taken = async {
        keeper::make(&impatient).await?;
        while let Some(holder) = try_take(&impatient, &owner, &file).await? {
            pause(deadline, stop, || held_by(&holder)).await?;
        }
        Ok(())
    };
    if let Err(error) = taken.await {
        // The table may be made although a later step failed, or the answer was lost.
        match tokio::time::timeout(LONGEST_GIVING_BACK, give_back(db)).await {
            Ok(Ok(())) => {}
            Ok(Err(cause)) => debug!("the lock could not be given back: {cause:#}"),
            Err(_) => debug!("the lock could not be given back in time"),
        }
        return Err(error);
    }
    file.forget_earlier(db.run_id())?;
    debug!(lock_file = owner.lock_file, "lock taken");
    let heartbeat = tokio::spawn(keep_beating(db.clone(), stop.clone()));
    Ok(Lock { db: db.clone(), _file: file, heartbeat })
}

impl Lock {
    /// Gives the lock back, unless it is another run's by now.
    async fn release(self) -> Result<()> {
        self.heartbeat.abort();
        failpoint::step(Step::ReleaseLock, give_back(&self.db)).await
    }
}

async fn try_take(db: &Db, owner: &Owner, file: &LockFile) -> Result<Option<String>> {
    match keeper::is_there(db).await? {
        true => keeper::try_take(db, owner, file).await,
        false => table::try_take(db, owner, file).await,
    }
}

/// The lock as it is held now, by whomever.
async fn held(db: &Db) -> Result<Option<Held>> {
    match keeper::is_there(db).await? {
        true => keeper::held(db).await,
        false => table::held(db).await,
    }
}

/// Whether the lock is ours: another run may have taken it over, thinking us dead.
async fn is_ours(db: &Db) -> Result<bool> {
    let owner = held(db).await?.and_then(|held| held.owner);
    Ok(owner.is_some_and(|owner| owner.run_id == db.run_id()))
}

async fn give_back(db: &Db) -> Result<()> {
    if keeper::is_there(db).await? {
        return keeper::release(db, db.run_id()).await;
    }
    if is_ours(db).await? {
        db.statement(&sql::DROP_TABLE).param("table", TABLE).everywhere().execute().await?;
    }
    Ok(())
}

/// Fails with exit code 4 where another run holds the lock: it took this one for dead.
pub async fn refuse_if_lost(db: &Db) -> Result<()> {
    match held(db).await? {
        Some(held) if held.owner.as_ref().is_none_or(|owner| owner.run_id != db.run_id()) => {
            Err(lost(&held.to_string()).into())
        }
        _ => Ok(()),
    }
}

/// The failure of a run that another one took for dead.
pub fn lost(holder: &str) -> Failure {
    Failure::new(ExitCode::LockHeld, format!("the lock was lost to {holder}"))
        .hint("this run gave no sign of life for ten minutes; the other run refreshes what it left")
}

fn held_by(holder: &str) -> Failure {
    Failure::new(ExitCode::LockHeld, format!("another run holds the lock: {holder}"))
        .hint("wait for it with --wait 30m, or look at `aiviews status`")
}

async fn pause(deadline: Instant, stop: &Stop, failure: impl Fn() -> Failure) -> Result<()> {
    if Instant::now() >= deadline {
        return Err(failure().into());
    }
    tokio::select! {
        () = tokio::time::sleep(POLL) => Ok(()),
        () = stop.requested() => {
            let code = stop.code().unwrap_or(ExitCode::Interrupted);
            Err(Failure::new(code, "stopped while waiting for the lock").into())
        }
    }
}

/// Gives signs of life, and stops the run once the lock is another's or nobody can see that this run lives.
async fn keep_beating(db: Db, stop: Stop) {
    // The wall clock goes on while a machine sleeps; the monotonic one does not.
    let mut last_beat = SystemTime::now();
    loop {
        tokio::time::sleep(HEARTBEAT).await;
        match beat_if_ours(&db).await {
            Ok(true) => last_beat = SystemTime::now(),
            Ok(false) => {
                warn!("another run took over the lock: stopping");
                return stop.request(ExitCode::LockHeld);
            }
            // The run says itself that it has lost its server.
            Err(error) if QueryError::is_of_outage(&error) => {}
            Err(error) => warn!("no sign of life could be written to the lock: {error:#}"),
        }
        if last_beat.elapsed().is_ok_and(|silence| silence > SILENT_TOO_LONG) {
            warn!("no sign of life for {} minutes: stopping", SILENT_TOO_LONG.as_secs() / 60);
            return stop.request(ExitCode::Unreachable);
        }
    }
}

async fn beat_if_ours(db: &Db) -> Result<bool> {
    if !is_ours(db).await? {
        return Ok(false);
    }
    match keeper::is_there(db).await? {
        true => keeper::beat(db).await?,
        false => table::beat(db).await?,
    }
    Ok(true)
}
