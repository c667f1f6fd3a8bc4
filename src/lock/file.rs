//! The lock file: one per target and user on this machine, held by `flock` on an open descriptor. It falls with its
//! process, however that ends, and is never unlinked.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use rustix::fs::{FlockOperation, flock};
use sha2::{Digest, Sha256};

use crate::db::Db;

/// The file of this target, in the user's state folder, or in the system's temporary one where there is no home.
pub(super) fn path(db: &Db) -> Result<PathBuf> {
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

/// Takes the lock, or returns nothing where another process has it.
pub(super) fn try_take(path: &Path) -> Result<Option<File>> {
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

/// Who holds the file, as it wrote itself.
pub(super) fn holder(path: &Path) -> String {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let line = text.lines().next().unwrap_or("a process on this machine");
    crate::output::printable(line)
}
