//! Where the shared library is looked for.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::error::LibraryError;
use super::libchdb::Library;

/// The version that `scripts/install-libchdb` unpacks.
pub const INSTALLED_VERSION: &str = "26.7.3-stable.1";

static LOADED: Mutex<Option<&'static Library>> = Mutex::new(None);

/// The process's library: loaded by the first call, the same one ever after.
pub fn load(explicit: Option<&Path>) -> Result<&'static Library, LibraryError> {
    let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(library) = *loaded {
        return Ok(library);
    }
    let candidates = candidates(explicit);
    let Some(path) = candidates.iter().find(|path| path.exists()) else {
        return Err(LibraryError::NotFound { looked_at: candidates });
    };
    let library: &'static Library = Box::leak(Box::new(Library::load(path)?));
    *loaded = Some(library);
    Ok(library)
}

/// The named file alone if one is named, else the folder of `scripts/install-libchdb`.
pub fn candidates(explicit: Option<&Path>) -> Vec<PathBuf> {
    let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    if let Some(path) = explicit.map(Path::to_owned).or_else(|| variable("AIVIEWS_LIBCHDB")) {
        return vec![path];
    }
    variable("AIVIEWS_LIBCHDB_DIR")
        .or_else(|| Some(variable("XDG_CACHE_HOME")?.join("aiviews")))
        .or_else(|| Some(etcetera::home_dir().ok()?.join(".cache/aiviews")))
        .map(|folder| folder.join(format!("libchdb-{INSTALLED_VERSION}/libchdb.so")))
        .into_iter()
        .collect()
}
