//! Opens a target: a server by URL, the embedded engine in this process, or the one that a running `serve` holds.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use clickhouse::Client;
use tracing::{debug, info};

use crate::db::codes;
use crate::db::http_client::{Dial, Ping};
use crate::db::retry::RetryPolicy;
use crate::db::target::{Embedded, Server, Target};
use crate::db::{Db, QueryError, generations};
use crate::engine::confine::{self, Confinement};
use crate::engine::owner::Owner;
use crate::engine::{Engine, EngineError, EngineOptions};
use crate::exit::{ExitCode, Failure};
use crate::sql;

/// An open target. Dropping it closes the embedded engine, if there is one.
pub struct Connection {
    /// The database to talk to.
    pub db: Db,
    /// The engine in this process; none where a server answers.
    pub engine: Option<Engine>,
}

/// How long every verb waits for a data folder in use: a question holds it for a second or two.
const FOLDER_PATIENCE: Duration = Duration::from_secs(5);

/// Time between two looks at a folder in use.
const POLL: Duration = Duration::from_millis(200);

/// The longest wait for a server that does not answer at the beginning, for a verb that is told to wait.
const LONGEST_FIRST_CONTACT: Duration = Duration::from_secs(30);

/// How long a server may take for its first answer once it is connected: one in the cloud may have to wake up.
const LONGEST_FIRST_ANSWER: Duration = Duration::from_secs(60);

/// Opens the target. Until `deadline`, and some seconds in any case, a data folder in use is waited for; a server that
/// does not answer half a minute at most, as its address may be wrong. In the embedded engine the database is made if
/// need be.
///
/// # Errors
///
/// Exit code 5 where no ClickHouse answers in time, 4 where another process keeps the folder, 7 where the server refuses
/// the user.
pub async fn open(target: &Target, retries: RetryPolicy, deadline: Instant) -> Result<Connection> {
    let connection = connect(target, retries, deadline).await?;
    if let Target::Embedded(embedded) = target {
        let nowhere = connection.db.with_database("system");
        nowhere.statement(&sql::CREATE_DATABASE).param("database", &embedded.database).execute().await?;
    }
    probed(connection, target, retries).await
}

/// Opens a target for a verb that needs what is there. Nothing is made.
///
/// # Errors
///
/// A folder or a database that does not exist is wrong usage: most likely it is mistyped.
pub async fn open_existing(target: &Target, retries: RetryPolicy, deadline: Instant) -> Result<Connection> {
    target.refuse_without_data()?;
    let outcome = probed(connect(target, retries, deadline).await?, target, retries).await;
    let is_absent = |error: &anyhow::Error| {
        error.downcast_ref::<QueryError>().is_some_and(|error| error.code == Some(codes::UNKNOWN_DATABASE))
    };
    match (outcome, target) {
        (Err(error), Target::Embedded(embedded)) if is_absent(&error) => {
            let (database, folder) = (&embedded.database, embedded.data_dir.display());
            let message = format!("there is no database `{database}` in `{folder}`");
            let hint = "name the right one with --database, or make its tables with `aiviews migrate`";
            Err(Failure::new(ExitCode::Usage, message).hint(hint).into())
        }
        (outcome, _) => outcome,
    }
}

async fn connect(target: &Target, retries: RetryPolicy, deadline: Instant) -> Result<Connection> {
    let wait = deadline.saturating_duration_since(Instant::now());
    let (client, reached) = match target {
        Target::Server(server) => server_client(server),
        Target::Embedded(embedded) => embedded_client(embedded, deadline).await?,
    };
    let first_contact = RetryPolicy {
        outage_patience: wait.clamp(Db::FIRST_CONTACT, LONGEST_FIRST_CONTACT),
        statement_timeout: LONGEST_FIRST_ANSWER,
        ..retries
    };
    let db = Db::new(client, &target.to_string(), &new_run_id(), first_contact);
    Ok(match reached {
        Reached::Server(dial, ping) => Connection { db: db.with_ping(ping).dialed(dial), engine: None },
        Reached::Engine(engine) => Connection { db: db.alone().with_own_profile(), engine: Some(engine) },
    })
}

async fn probed(mut connection: Connection, target: &Target, retries: RetryPolicy) -> Result<Connection> {
    connection.db.probe().await.with_context(|| format!("cannot use {target}"))?;
    if connection.db.is_alone() {
        generations::heal(&connection.db).await;
    }
    debug!(run_id = connection.db.run_id(), "connected to {target}");
    Ok(Connection { db: connection.db.with_retries(retries), ..connection })
}

/// What is at the other end of a client.
enum Reached {
    Server(Dial, Ping),
    Engine(Engine),
}

fn server_client(server: &Server) -> (Client, Reached) {
    let dial = Dial {
        url: server.url.to_string(),
        user: server.user.clone(),
        password: server.password.clone(),
        database: server.database.clone(),
    };
    let (client, ping) = dial.client();
    (client, Reached::Server(dial, ping))
}

async fn embedded_client(embedded: &Embedded, deadline: Instant) -> Result<(Client, Reached)> {
    match open_folder(embedded, deadline).await {
        Ok(engine) => Ok((engine.client().with_database(&embedded.database), Reached::Engine(engine))),
        Err(EngineError::Locked { owner: Owner { url: Some(url), token: Some(token), .. }, .. }) => {
            debug!("a running `aiviews serve` holds the data folder: using {url}");
            let database = Some(embedded.database.clone());
            let dial = Dial { url, user: "default".to_owned(), password: token, database };
            let (client, ping) = dial.client();
            Ok((client, Reached::Server(dial, ping)))
        }
        Err(error) => Err(failure(&error).into()),
    }
}

/// Opens the engine in this process, with a connection to the database. Another process that serves the folder is in the way.
pub async fn open_engine(embedded: &Embedded) -> Result<(Engine, Db)> {
    let engine = open_folder(embedded, Instant::now()).await.map_err(|error| failure(&error))?;
    let client = engine.client().with_database(&embedded.database);
    let db = Db::new(client, "embedded engine", &new_run_id(), RetryPolicy::default());
    generations::heal(&db).await;
    Ok((engine, db))
}

/// Opens the folder, or waits for the process that has it to end or to serve.
async fn open_folder(embedded: &Embedded, deadline: Instant) -> Result<Engine, EngineError> {
    let deadline = deadline.max(Instant::now() + FOLDER_PATIENCE);
    let mut has_told = false;
    loop {
        let options = engine_options(embedded);
        // On a thread where it may block: a signal is heard meanwhile.
        let opening = tokio::task::spawn_blocking(move || Engine::open(&options));
        let opened = opening.await.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()));
        match opened {
            Err(EngineError::Locked { folder, owner })
                if owner.url.is_none() && Instant::now() < deadline =>
            {
                if !has_told {
                    let (folder, pid) = (folder.display(), owner.pid);
                    info!("waiting for process {pid}, which uses the data folder `{folder}`");
                    has_told = true;
                }
                tokio::time::sleep(POLL).await;
            }
            opened => return opened,
        }
    }
}

/// Confines this process to the data folder, as far as the system can.
pub fn confine(embedded: &Embedded) -> Result<Confinement> {
    confine::confine(&engine_options(embedded)).map_err(|error| failure(&error).into())
}

fn engine_options(embedded: &Embedded) -> EngineOptions {
    EngineOptions {
        data_dir: embedded.data_dir.clone(),
        library: embedded.library.clone(),
        database: Some(embedded.database.clone()),
        ..EngineOptions::default()
    }
}

fn failure(error: &EngineError) -> Failure {
    let code = match error {
        EngineError::Locked { .. } => ExitCode::LockHeld,
        _ => ExitCode::Failed,
    };
    let failure = Failure::new(code, error.to_string());
    match error.remedy() {
        Some(remedy) => failure.hint(remedy),
        None => failure,
    }
}

/// An id that names this run in the log, in query ids and in staging tables: time, process, chance.
fn new_run_id() -> String {
    let now = chrono::Utc::now().format("%Y%m%d%H%M%S");
    let chance = std::hash::BuildHasher::hash_one(&std::hash::RandomState::new(), std::process::id());
    format!("{now}_{:08x}", chance as u32)
}
