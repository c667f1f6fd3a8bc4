//! One file per verb: `ls src/cmd` equals `aiviews --help`.

mod completions;
mod context;
mod forget;
mod migrate;
mod populate;
mod query;
mod seed;
mod serve;
mod status;
mod verify;

use anyhow::Result;

use crate::account::AccountId;
use crate::cli::{Cli, Command, Global};
use crate::connection::{self, Connection};
use crate::db::Db;
use crate::exit::{ExitCode, Failure};
use crate::retry::RetryPolicy;
use crate::target::Target;

/// Runs the verb that the command line names.
pub async fn run(cli: Cli) -> Result<ExitCode> {
    let global = &cli.global;
    match cli.command {
        Command::Migrate(arguments) => migrate::run(global, &arguments).await,
        Command::Populate(arguments) => populate::run(global, &arguments).await,
        Command::Verify(arguments) => verify::run(global, &arguments).await,
        Command::Status(arguments) => status::run(global, &arguments).await,
        Command::Seed(arguments) => seed::run(global, &arguments).await,
        Command::Forget(arguments) => forget::run(global, &arguments).await,
        Command::Query(arguments) => query::run(global, &arguments).await,
        Command::Context(arguments) => context::run(global, &arguments).await,
        Command::Serve(arguments) => serve::run(global, &arguments).await,
        Command::Completions(arguments) => completions::run(&arguments),
    }
}

async fn connect(global: &Global) -> Result<Connection> {
    connection::open(&Target::from_options(global)?, RetryPolicy::default()).await
}

/// The accounts that the arguments name, each once.
fn accounts(ids: &[String]) -> Result<Vec<AccountId>> {
    let accounts: Result<Vec<AccountId>, _> = ids.iter().map(|id| AccountId::from_argument(id)).collect();
    let mut accounts = accounts?;
    accounts.sort();
    accounts.dedup();
    Ok(accounts)
}

/// `--param name=value`, split.
fn parameters(texts: &[String]) -> Result<Vec<(String, String)>> {
    let split = |text: &String| match text.split_once('=') {
        Some((name, value)) => Ok((name.to_owned(), value.to_owned())),
        None => {
            let message = format!("`--param {}` has no `=`", text.escape_default());
            Err(Failure::new(ExitCode::Usage, message).hint("write --param name=value").into())
        }
    };
    texts.iter().map(split).collect()
}

/// Says where a writing verb is about to write.
fn announce(db: &Db) {
    tracing::info!("target: {} (ClickHouse {})", db.target(), db.version());
}
