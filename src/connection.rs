//! Opens a target: a server by URL, the embedded engine in this process, or the one that a running `serve` holds.

use anyhow::{Context, Result};
use clickhouse::Client;
use tracing::debug;

use crate::db::Db;
use crate::engine::lock::Owner;
use crate::engine::{Engine, EngineError, EngineOptions};
use crate::exit::{ExitCode, Failure};
use crate::retry::RetryPolicy;
use crate::sql;
use crate::target::{Embedded, Server, Target};
use crate::transport;

/// An open target. Dropping it closes the embedded engine, if there is one.
pub struct Connection {
    /// The database to talk to.
    pub db: Db,
    /// The engine in this process; none where a server answers.
    pub engine: Option<Engine>,
}

/// Opens the target.
pub async fn open(target: &Target, retries: RetryPolicy) -> Result<Connection> {
    let (client, engine) = match target {
        Target::Server(server) => (server_client(server), None),
        Target::Embedded(embedded) => embedded_client(embedded)?,
    };
    let run_id = new_run_id();
    let mut db = Db::new(client, &target.to_string(), &run_id, retries);
    if let Target::Embedded(embedded) = target {
        let nowhere = db.with_database("system");
        nowhere.statement(&sql::CREATE_DATABASE).param("database", &embedded.database).execute().await?;
    }
    db.probe().await.with_context(|| format!("cannot use {target}"))?;
    debug!(run_id, "connected to {target}");
    Ok(Connection { db, engine })
}

fn server_client(server: &Server) -> Client {
    let client = transport::client(server.url.as_str()).with_user(&server.user);
    let client = if server.password.is_empty() { client } else { client.with_password(&server.password) };
    match &server.database {
        Some(database) => client.with_database(database),
        None => client,
    }
}

fn embedded_client(embedded: &Embedded) -> Result<(Client, Option<Engine>)> {
    match Engine::open(&engine_options(embedded)) {
        Ok(engine) => Ok((engine.client().with_database(&embedded.database), Some(engine))),
        Err(EngineError::Locked { owner: Owner { url: Some(url), token: Some(token), .. }, .. }) => {
            debug!("a running `aiviews serve` holds the data folder: using {url}");
            let client = transport::client(&url).with_user("default").with_password(token);
            Ok((client.with_database(&embedded.database), None))
        }
        Err(error) => Err(failure(&error).into()),
    }
}

/// Opens the engine in this process, whoever else may serve the folder.
pub fn open_engine(embedded: &Embedded) -> Result<Engine> {
    Engine::open(&engine_options(embedded)).map_err(|error| failure(&error).into())
}

fn engine_options(embedded: &Embedded) -> EngineOptions {
    EngineOptions {
        data_dir: embedded.data_dir.clone(),
        library: embedded.library.clone(),
        ..EngineOptions::default()
    }
}

/// The engine's errors end with their remedy on a line of its own.
fn failure(error: &EngineError) -> Failure {
    let code = match error {
        EngineError::Locked { .. } => ExitCode::LockHeld,
        _ => ExitCode::Failed,
    };
    let text = error.to_string();
    match text.split_once("\nhint: ") {
        Some((message, hint)) => Failure::new(code, message).hint(hint),
        None => Failure::new(code, text),
    }
}

/// An id that names this run in the log, in query ids and in staging tables: time, process, chance.
fn new_run_id() -> String {
    let now = chrono::Utc::now().format("%Y%m%d%H%M%S");
    let chance = std::hash::BuildHasher::hash_one(&std::hash::RandomState::new(), std::process::id());
    format!("{now}_{:08x}", chance as u32)
}
