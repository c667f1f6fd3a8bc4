//! The embedded engine: ClickHouse itself, loaded from `libchdb` and run inside this process.
//!
//! ```text
//! library    where the shared library is found       libchdb    the library's functions, made safe
//! data_dir   the data folder and its configuration   lock       one process per folder
//! confine    no file but the folder's                users.xml  who may do what
//! session    a connection prepared for one request   connector  the client's connection without a socket
//! http/      ClickHouse's HTTP interface over it     exception  errors with ClickHouse's codes
//! ```
//!
//! The rest of the program sees a `clickhouse::Client` and cannot tell this engine from a server.

pub mod codes;
pub mod confine;
mod connector;
mod data_dir;
pub mod error;
pub mod exception;
mod http;
pub mod libchdb;
mod library;
pub mod lock;
pub mod owner;
mod session;

use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use hyper::header::HeaderValue;
use hyper_util::rt::TokioExecutor;
use tokio::net::TcpListener;

pub use data_dir::has_data;
pub use error::{EngineError, LibraryError};
pub use http::{Reader, Readers, Reading};
pub use libchdb::exit_at_once;
pub use library::INSTALLED_VERSION;

use exception::Exception;
use libchdb::{Connection, Library};
use lock::FolderLock;

/// The database of a request that names none, or names `default`: the engine's own `default` would
/// read any file of this host by its name.
pub const MAIN_DATABASE: &str = "aiviews";

/// How to open the engine.
#[derive(Debug, Clone, Default)]
pub struct EngineOptions {
    /// The folder with the data; made if missing.
    pub data_dir: PathBuf,
    /// The shared library; without it `AIVIEWS_LIBCHDB` and the folder of `scripts/install-libchdb` count.
    pub library: Option<PathBuf>,
    /// The database whose summary tables a reader of `serve` may read; without it [`MAIN_DATABASE`].
    pub database: Option<String>,
    /// Limit of the engine's memory in bytes; without it the engine's own default.
    pub max_server_memory: Option<u64>,
}

/// Who may come in through an open port.
#[derive(Clone, Default)]
pub struct Entry {
    /// Opens everything: the password of user `default`.
    pub token: String,
    /// Knows the tokens that only read.
    pub readers: Option<Readers>,
    /// The web page whose scripts may ask, as browsers name it.
    pub origin: Option<HeaderValue>,
}

/// The running engine. Clones are the same engine.
#[derive(Clone)]
pub struct Engine(Arc<Running>);

struct Running {
    folder: PathBuf,
    library: &'static Library,
    arguments: Vec<String>,
    lock: FolderLock,
    /// The engine stops when its last connection closes, and starting it again leaks threads: one stays open.
    _first: Mutex<Connection>,
    /// What the engine says of itself in every answer.
    identity: Identity,
    requests: http::Requests,
}

/// The engine's version, time zone and host.
#[derive(Debug, Clone)]
pub struct Identity {
    /// As `version()` says.
    pub version: String,
    /// As `timezone()` says.
    pub timezone: String,
    /// As `hostName()` says.
    pub host: String,
}

/// The one engine of this process, kept to its end.
static OPEN: Mutex<Option<Engine>> = Mutex::new(None);

impl Engine {
    /// Opens the folder, or returns the engine that this process already runs on it.
    ///
    /// # Errors
    ///
    /// The folder cannot be used, another process holds it, a newer engine wrote it, this process runs on another one,
    /// or the library cannot be loaded.
    pub fn open(options: &EngineOptions) -> Result<Self, EngineError> {
        let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        // Each time anew: the engine registers more destructors as it works.
        libchdb::skip_destructors_at_exit();
        let folder = data_dir::prepare(&options.data_dir)?;
        if let Some(engine) = &*open {
            if engine.0.folder == folder {
                return Ok(engine.clone());
            }
            return Err(EngineError::AlreadyOpen { open: engine.0.folder.clone() });
        }
        let lock = FolderLock::acquire(&folder)?;
        let library = library::load(options.library.as_deref())?;
        data_dir::check_version(&folder, library.version())?;
        let arguments = data_dir::arguments(&folder, options)?;
        let mut first =
            library.connect(&arguments).ok_or_else(|| EngineError::Unopenable { folder: folder.clone() })?;
        let identity = session::start(&mut first)?;
        let requests = http::Requests::default();
        let running =
            Running { folder, library, arguments, lock, _first: Mutex::new(first), identity, requests };
        let engine = Self(Arc::new(running));
        *open = Some(engine.clone());
        Ok(engine)
    }

    /// A client whose requests never leave the process. Needs a Tokio runtime, and belongs to the one it is used in.
    pub fn client(&self) -> clickhouse::Client {
        let connector = connector::Connector::new(self.clone());
        let client = hyper_util::client::legacy::Client::builder(TokioExecutor::new()).build(connector);
        clickhouse::Client::with_http_client(client).with_url(connector::URL)
    }

    /// Serves ClickHouse's HTTP interface until `stop` completes. While this runs, the lock file tells other processes
    /// the address and the owner's token; `started` is called once it does.
    pub async fn serve(
        &self,
        listener: TcpListener,
        entry: Entry,
        started: impl FnOnce(),
        stop: impl Future<Output = ()>,
    ) -> std::io::Result<()> {
        let url = format!("http://{}", listener.local_addr()?);
        self.0.lock.announce(Some((url, entry.token.clone())))?;
        started();
        http::serve(self, listener, http::Access::new(&entry), stop).await;
        self.0.lock.announce(None)
    }

    /// Ends every running statement.
    pub fn stop_queries(&self) -> Result<(), Exception> {
        session::kill_all(&mut self.connect()?)
    }

    /// The folder with the data, as an absolute path.
    pub fn data_dir(&self) -> &Path {
        &self.0.folder
    }

    /// The engine's version, time zone and host.
    pub fn identity(&self) -> &Identity {
        &self.0.identity
    }

    fn connect(&self) -> Result<Connection, Exception> {
        self.0
            .library
            .connect(&self.0.arguments)
            .ok_or_else(|| Exception::new(210, "NETWORK_ERROR", "the embedded engine refuses a connection"))
    }
}
