//! The lock file of a data folder: one process owns the folder and says in the file how to reach it.
//!
//! The lock is `flock` on a held descriptor, so it ends with its process whatever happens; the file stays.

use std::fs::{File, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::error::{EngineError, not_writable};
use super::owner::Owner;
use rustix::fs::{Mode, OFlags};

/// The lock file's name in the folder.
pub(super) const FILE_NAME: &str = "aiviews.lock";

/// A held lock.
pub struct FolderLock {
    file: File,
}

impl FolderLock {
    /// Takes the lock or says who has it.
    pub fn acquire(folder: &Path) -> Result<Self, EngineError> {
        let path = folder.join(FILE_NAME);
        let mut file = open(folder, &path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(EngineError::Locked { folder: folder.to_owned(), owner: read_owner(&mut file) });
            }
            Err(TryLockError::Error(reason)) => return Err(not_writable(folder, reason)),
        }
        let lock = Self { file };
        lock.announce(None).map_err(|reason| not_writable(folder, reason))?;
        Ok(lock)
    }

    /// Writes who holds the folder, with URL and token while serving.
    pub fn announce(&self, endpoint: Option<(String, String)>) -> std::io::Result<()> {
        let (url, token) = endpoint.unzip();
        let text = serde_json::to_vec(&Owner { pid: std::process::id(), url, token })?;
        let mut file = &self.file;
        file.set_len(0)?;
        file.rewind()?;
        file.write_all(&text)
    }
}

fn open(folder: &Path, path: &PathBuf) -> Result<File, EngineError> {
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    match rustix::fs::open(path, flags, Mode::RUSR | Mode::WUSR) {
        Ok(descriptor) => Ok(File::from(descriptor)),
        Err(rustix::io::Errno::LOOP) => Err(EngineError::LockIsSymlink { path: path.clone() }),
        Err(reason) => Err(not_writable(folder, reason.into())),
    }
}

/// The owner writes its line in place, so a reader may come in the middle of that: it looks again.
fn read_owner(file: &mut File) -> Owner {
    for _ in 0..20 {
        let mut text = String::new();
        if file.rewind().and_then(|()| file.read_to_string(&mut text)).is_ok()
            && let Ok(owner) = serde_json::from_str(&text)
        {
            return owner;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    Owner::default()
}
