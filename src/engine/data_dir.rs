//! The data folder: made, checked, marked with the engine's version, and the engine's arguments for it.

use std::fs::{self, DirBuilder, OpenOptions, Permissions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::error::{EngineError, not_writable};
use super::libchdb::version_numbers;
use super::lock::FILE_NAME as LOCK_FILE;
use super::{EngineOptions, MAIN_DATABASE};
use crate::sql;

/// Users, what they are granted and which settings they cannot change. A file in `aiviews.config.d` may name another.
const USERS: &str = include_str!("users.xml");

/// The version of the engine that last opened the folder.
const VERSION_FILE: &str = "aiviews.engine-version";

/// Most answers are small: formatting them on several threads costs more than it saves.
const ONE_THREAD_FORMATS: &str = "--output_format_parallel_formatting=0";

/// What the embedded engine sets otherwise than a server does. Each connection gets it back to a server's value.
const SERVER_DEFAULTS: [&str; 3] =
    ["--implicit_select=0", "--allow_introspection_functions=0", "--storage_file_read_method=pread"];

/// Makes the folder if need be and returns its absolute path, as the engine compares paths by their text.
pub fn prepare(folder: &Path) -> Result<PathBuf, EngineError> {
    if fs::metadata(folder).is_ok_and(|metadata| !metadata.is_dir()) {
        return Err(EngineError::NotADirectory { folder: folder.to_owned() });
    }
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .and_then(|()| folder.canonicalize())
        .and_then(representable)
        .and_then(private)
        .map_err(|reason| not_writable(folder, reason))
}

/// A folder that was there before may be open to others: what the engine writes into it is not theirs. One that holds
/// other things than ours, such as `/tmp`, keeps its mode.
fn private(folder: PathBuf) -> std::io::Result<PathBuf> {
    let mode = fs::metadata(&folder)?.permissions().mode();
    if mode & 0o077 == 0 {
        return Ok(folder);
    }
    if folder.join(LOCK_FILE).exists() || fs::read_dir(&folder)?.next().is_none() {
        fs::set_permissions(&folder, Permissions::from_mode(mode & 0o700))?;
    } else {
        tracing::warn!("others may read the data in {}: its mode is {:o}", folder.display(), mode & 0o777);
    }
    Ok(folder)
}

/// The engine takes its arguments as text.
fn representable(folder: PathBuf) -> std::io::Result<PathBuf> {
    match folder.to_str() {
        Some(_) => Ok(folder),
        None => Err(std::io::Error::new(std::io::ErrorKind::InvalidInput, "the path is not UTF-8")),
    }
}

/// Whether an engine has worked in this folder.
pub fn has_data(folder: &Path) -> bool {
    folder.join(VERSION_FILE).exists()
}

/// Refuses a folder that a newer engine has written; else notes the version of this one.
pub fn check_version(folder: &Path, ours: &str) -> Result<(), EngineError> {
    let path = folder.join(VERSION_FILE);
    let written_by = fs::read_to_string(&path).unwrap_or_default();
    let written_by = written_by.trim();
    if version_numbers(written_by) > version_numbers(ours) {
        let (folder, written_by, ours) = (folder.to_owned(), written_by.to_owned(), ours.to_owned());
        return Err(EngineError::MadeByNewer { folder, written_by, ours });
    }
    write_private(&path, ours).map_err(|reason| not_writable(folder, reason))
}

/// Threads that the engine keeps when it has nothing for them to do. By itself it keeps a thousand.
const IDLE_THREADS: u32 = 16;

/// Without a file of its own the engine would take `./config.xml` of whatever folder it is started in. A level alone
/// leaves the log on a terminal.
fn configuration(users: &Path) -> String {
    let users = users.display().to_string().replace('&', "&amp;").replace('<', "&lt;");
    format!(
        "<clickhouse>\n\
         \x20   <!-- Written by aiviews at every start. -->\n\
         \x20   <logger><level>none</level><console>false</console></logger>\n\
         \x20   <users_config>{users}</users_config>\n\
         \x20   <max_thread_pool_free_size>{IDLE_THREADS}</max_thread_pool_free_size>\n\
         </clickhouse>\n"
    )
}

/// What a reader may read: the summary tables and the views over them.
fn users(database: &str) -> String {
    let grant = |object: &&str| format!("<query>GRANT SELECT ON `{database}`.`{object}`</query>");
    let grants: Vec<String> = sql::READABLE.iter().map(grant).collect();
    USERS.replace("READER", &grants.join("\n                "))
}

/// Writes the configuration and returns the arguments every connection is opened with.
pub fn arguments(folder: &Path, options: &EngineOptions) -> Result<Vec<String>, EngineError> {
    let configuration_file = folder.join("aiviews.config.xml");
    let users_file = folder.join("aiviews.users.xml");
    let database = options.database.as_deref().unwrap_or(MAIN_DATABASE);
    write_private(&users_file, &users(database))
        .and_then(|()| write_private(&configuration_file, &configuration(&users_file)))
        .map_err(|reason| not_writable(folder, reason))?;
    let mut arguments = vec![
        "clickhouse".to_owned(),
        format!("--path={}", folder.display()),
        format!("--config-file={}", configuration_file.display()),
    ];
    arguments.extend(options.max_server_memory.map(|bytes| format!("--max_server_memory_usage={bytes}")));
    arguments.extend(SERVER_DEFAULTS.map(str::to_owned));
    arguments.push(ONE_THREAD_FORMATS.to_owned());
    Ok(arguments)
}

/// By way of a second file, so that a crash leaves the old text or the new one.
fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    let draft = path.with_extension("new");
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    file.write_all(text.as_bytes())?;
    fs::rename(&draft, path)
}
