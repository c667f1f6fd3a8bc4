//! The lock file: one per target and user on this machine, held by `flock` on an open descriptor. It falls with its
//! process, however that ends, and is never unlinked.
//!
//! The file names the runs that held it, one per line after the first. Whoever holds the file and finds a run named there
//! knows that this run is gone: it had this very file, and would have it still.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::Read;
use std::os::unix::fs::{DirBuilderExt, FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

use crate::db::Db;

/// The most runs that a file names. It names more than one only where runs were killed while they took the lock.
const MOST_RUNS: usize = 8;

/// The file of this target, ready to be made.
pub(super) fn path(db: &Db) -> Result<PathBuf> {
    let path = place(db);
    let folder = path.parent().unwrap_or(Path::new("/"));
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.with_context(|| format!("cannot make the lock folder `{}`", folder.display()))?;
    Ok(path)
}

/// The file of this target, in the user's state folder, or in the system's temporary one where there is no home.
fn place(db: &Db) -> PathBuf {
    use etcetera::base_strategy::{BaseStrategy, choose_base_strategy};
    let folder = choose_base_strategy()
        .ok()
        .and_then(|strategy| strategy.state_dir())
        .unwrap_or_else(std::env::temp_dir)
        .join("aiviews");
    let digest = Sha256::digest(format!("{}\n{}", db.target(), db.database()));
    let name: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    folder.join(format!("{name}.lock"))
}

/// Whether this run held the file of this machine and holds it no more: looked at for an instant, with a lock that
/// many may share, and making nothing.
pub(super) fn is_left_by(db: &Db, run_id: &str) -> bool {
    let path = place(db);
    let names_run = std::fs::read_to_string(&path).is_ok_and(|text| text.lines().any(|line| line == run_id));
    let Some(file) = File::open(&path).ok().filter(|_| names_run) else { return false };
    file.try_lock_shared().is_ok()
}

/// The file, held.
pub(super) struct LockFile {
    file: File,
    inode: u64,
    /// The runs that held it before.
    earlier: Vec<String>,
}

impl LockFile {
    /// Takes the file, or returns nothing where another process has it.
    pub(super) fn try_take(path: &Path) -> Result<Option<LockFile>> {
        let flags = rustix::fs::OFlags::NOFOLLOW.bits() as i32;
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .custom_flags(flags)
            .open(path)
            .with_context(|| format!("cannot open the lock file `{}`", path.display()))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => {
                return Err(error).with_context(|| format!("cannot lock `{}`", path.display()));
            }
        }
        let mut text = Vec::new();
        file.read_to_end(&mut text)?;
        let text = String::from_utf8_lossy(&text).into_owned();
        let earlier = text.lines().skip(1).map(str::to_owned).collect();
        let inode = file.metadata()?.ino();
        let held = LockFile { file, inode, earlier };
        held.write(None)?;
        Ok(Some(held))
    }

    /// Which file of its disk this is.
    pub(super) fn inode(&self) -> u64 {
        self.inode
    }

    /// Whether a run of this id held this file, and so has ended.
    pub(super) fn has_outlived(&self, run_id: &str) -> bool {
        self.earlier.iter().any(|earlier| earlier == run_id)
    }

    /// Names our run beside the earlier ones: before it owns anything that others could find.
    pub(super) fn name_run(&self, run_id: &str) -> Result<()> {
        self.write(Some(run_id))
    }

    /// Forgets the earlier runs, of which nothing is left.
    pub(super) fn forget_earlier(&mut self, run_id: &str) -> Result<()> {
        self.earlier.clear();
        self.write(Some(run_id))
    }

    fn write(&self, run_id: Option<&str>) -> Result<()> {
        let known = self.earlier.len().saturating_sub(MOST_RUNS - 1);
        let runs = self.earlier[known..].iter().map(String::as_str).chain(run_id);
        let text: String = runs.fold(describe_self(), |text, run| text + run + "\n");
        self.file.write_all_at(text.as_bytes(), 0)?;
        self.file.set_len(text.len() as u64)?;
        Ok(())
    }
}

fn describe_self() -> String {
    let now = chrono::Local::now().format("%Y-%m-%d %H:%M:%S");
    format!("process {} on this machine since {now}\n", std::process::id())
}

/// Who holds the file, as it wrote itself.
pub(super) fn holder(path: &Path) -> String {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let line = text.lines().next().unwrap_or("a process on this machine");
    crate::output::printable(line)
}
