//! Why the embedded engine does not open, and what to do about it.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::exception::Exception;
use super::owner::Owner;

/// A refusal to open the engine; callers branch on the kind.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The shared library is missing or unusable.
    #[error(transparent)]
    Library(#[from] LibraryError),
    /// Another process has the folder open. With a URL it is a running `serve` that one can attach to.
    #[error("data folder `{}` is in use by process {}", .folder.display(), .owner.pid)]
    Locked {
        /// The data folder.
        folder: PathBuf,
        /// Who holds it.
        owner: Owner,
    },
    /// The data_dir, or the lock file in it, cannot be written.
    #[error("cannot write to data folder `{}`: {reason}", .folder.display())]
    NotWritable {
        /// The data folder.
        folder: PathBuf,
        /// The system's words.
        reason: std::io::Error,
    },
    /// The path is a file.
    #[error("`{}` is not a directory", .folder.display())]
    NotADirectory {
        /// The path.
        folder: PathBuf,
    },
    /// The lock file is a symbolic link, which is never followed.
    #[error("lock file `{}` is a symbolic link", .path.display())]
    LockIsSymlink {
        /// The lock file.
        path: PathBuf,
    },
    /// A newer engine has written the folder.
    #[error(
        "data folder `{}` was written by engine {written_by}, this one is {ours}",
        .folder.display()
    )]
    MadeByNewer {
        /// The data folder.
        folder: PathBuf,
        /// The version noted in the folder.
        written_by: String,
        /// The loaded library's version.
        ours: String,
    },
    /// The engine itself refuses the folder; it gives its reason on stderr only.
    #[error(
        "the engine cannot open data folder `{}`",
        .folder.display()
    )]
    Unopenable {
        /// The data folder.
        folder: PathBuf,
    },
    /// One process runs one engine.
    #[error("this process already has data folder `{}` open", .open.display())]
    AlreadyOpen {
        /// The one that this process runs on: it cannot open another.
        open: PathBuf,
    },
    /// The first statements failed.
    #[error("the engine fails at its start: {0}")]
    Start(#[from] Exception),
}

impl EngineError {
    /// What the user can do about it.
    pub fn remedy(&self) -> Option<String> {
        Some(match self {
            EngineError::Library(error) => error.remedy().to_owned(),
            EngineError::Locked { owner, .. } => owner.remedy(),
            EngineError::NotWritable { .. } | EngineError::NotADirectory { .. } => {
                "choose another one with --data-dir".to_owned()
            }
            EngineError::LockIsSymlink { .. } => "remove it".to_owned(),
            EngineError::MadeByNewer { .. } => {
                "run scripts/install-libchdb of the newer aiviews, or choose another folder with --data-dir"
                    .to_owned()
            }
            EngineError::Unopenable { .. } => {
                "its reason stands above; no other ClickHouse may use the folder".to_owned()
            }
            EngineError::AlreadyOpen { .. } | EngineError::Start(_) => return None,
        })
    }
}

/// The refusal of a folder where a file could not be written.
pub(super) fn not_writable(folder: &Path, reason: std::io::Error) -> EngineError {
    let folder = folder.to_owned();
    match reason.kind() {
        ErrorKind::NotADirectory | ErrorKind::AlreadyExists => EngineError::NotADirectory { folder },
        _ => EngineError::NotWritable { folder, reason },
    }
}

/// Why the library cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LibraryError {
    /// No file at any of the places looked at.
    #[error("`libchdb.so` not found: looked at {}", list(.looked_at))]
    NotFound {
        /// Every path tried, in order.
        looked_at: Vec<PathBuf>,
    },
    /// The file is there, but the system's loader refuses it.
    #[error("cannot load `{}`: {reason}", .path.display())]
    NotLoadable {
        /// The file.
        path: PathBuf,
        /// The loader's words.
        reason: String,
    },
    /// The file is a library, but not one this program knows how to call.
    #[error("cannot use `{}`: {reason}", .path.display())]
    Unsupported {
        /// The file.
        path: PathBuf,
        /// The missing symbol or the version found.
        reason: String,
    },
}

impl LibraryError {
    fn remedy(&self) -> &'static str {
        match self {
            LibraryError::NotFound { .. } => "run scripts/install-libchdb",
            LibraryError::NotLoadable { .. } | LibraryError::Unsupported { .. } => {
                "remove it and run scripts/install-libchdb"
            }
        }
    }
}

fn list(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| format!("`{}`", path.display())).collect::<Vec<_>>().join(", ")
}
