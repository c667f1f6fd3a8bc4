//! One file per verb: `ls src/cmd` equals `aiviews --help`.

mod accounts;
mod completions;
mod context;
mod forget;
mod grants;
mod mcp;
mod migrate;
mod populate;
mod query;
mod seed;
mod serve;
mod status;
mod usage;
mod verify;

use std::time::{Duration, Instant};

use anyhow::Result;

use crate::account::AccountId;
use crate::cli::{Cli, Command, Global};
use crate::db::Db;
use crate::db::connection::{self, Connection};
use crate::db::retry::RetryPolicy;
use crate::db::target::Target;
use crate::exit::{ExitCode, Failure};
use crate::status::account_list;
use crate::stop::{Manner, Stop};

/// Takes away from this process what its verb does not need, while it has one thread only.
pub fn confine(cli: &Cli) -> Result<()> {
    match cli.command {
        Command::Serve(_) => serve::confine(&cli.global),
        _ => Ok(()),
    }
}

/// Runs the verb that the command line names.
pub async fn run(cli: Cli) -> Result<ExitCode> {
    let global = &cli.global;
    let manner = manner(&cli.command);
    let stop = &Stop::on_signals(manner)?;
    let outcome = match cli.command {
        Command::Migrate(arguments) => migrate::run(global, &arguments, stop).await,
        Command::Populate(arguments) => populate::run(global, &arguments, stop).await,
        Command::Verify(arguments) => verify::run(global, &arguments, stop).await,
        Command::Status(arguments) => status::run(global, &arguments, stop).await,
        Command::Accounts(arguments) => accounts::run(global, &arguments, stop).await,
        Command::Seed(arguments) => seed::run(global, &arguments, stop).await,
        Command::Forget(arguments) => forget::run(global, &arguments, stop).await,
        Command::Query(arguments) => query::run(global, &arguments, stop).await,
        Command::Context(arguments) => context::run(global, &arguments, stop).await,
        Command::Mcp(arguments) => mcp::run(global, &arguments, stop).await,
        Command::Usage(arguments) => usage::run(global, &arguments, stop).await,
        Command::Serve(arguments) => serve::run(global, &arguments, stop).await,
        Command::Grants(arguments) => grants::run(global, &arguments),
        Command::Completions(arguments) => completions::run(&arguments),
    };
    match (outcome, stop.code()) {
        (Err(error), Some(code)) => {
            if manner == Manner::Writes {
                tracing::warn!("stopped: {error:#}");
            }
            Ok(code)
        }
        (outcome, _) => outcome,
    }
}

fn manner(command: &Command) -> Manner {
    match command {
        Command::Migrate(_) | Command::Populate(_) | Command::Seed(_) | Command::Forget(_) => Manner::Writes,
        Command::Serve(_) | Command::Mcp(_) => Manner::Serves,
        Command::Verify(_)
        | Command::Status(_)
        | Command::Accounts(_)
        | Command::Usage(_)
        | Command::Query(_)
        | Command::Context(_)
        | Command::Grants(_)
        | Command::Completions(_) => Manner::Reads,
    }
}

/// For a verb that begins: opens the target, waiting so long for a data folder in use. Nothing is tried again once a stop
/// is asked for.
async fn connect(global: &Global, wait: Duration, stop: &Stop) -> Result<Connection> {
    let target = Target::from_options(&global.connect)?;
    let opening = connection::open(&target, RetryPolicy::default(), Instant::now() + wait);
    stopping(opening, stop).await
}

/// The same for a verb that works on what is there.
async fn connect_to_data(global: &Global, wait: Duration, stop: &Stop) -> Result<Connection> {
    let target = Target::from_options(&global.connect)?;
    let opening = connection::open_existing(&target, RetryPolicy::default(), Instant::now() + wait);
    stopping(opening, stop).await
}

/// The same for a verb that only reads: its statements are killed once a stop is asked for.
async fn connect_to_read(global: &Global, stop: &Stop) -> Result<Connection> {
    let connection = connect_to_data(global, Duration::ZERO, stop).await?;
    Ok(Connection { db: connection.db.interruptible(), ..connection })
}

async fn stopping(opening: impl Future<Output = Result<Connection>>, stop: &Stop) -> Result<Connection> {
    let Some(connection) = stop.or_done(opening).await else { return Err(stopped(stop).into()) };
    let connection = connection?;
    Ok(Connection { db: connection.db.with_stop(stop), ..connection })
}

fn stopped(stop: &Stop) -> Failure {
    Failure::new(stop.code().unwrap_or(ExitCode::Interrupted), "stopped on request")
}

/// The accounts that the arguments name, each once.
fn accounts(ids: &[String]) -> Result<Vec<AccountId>> {
    let accounts: Result<Vec<AccountId>, _> = ids.iter().map(|id| AccountId::from_argument(id)).collect();
    let mut accounts = accounts?;
    accounts.sort();
    accounts.dedup();
    Ok(accounts)
}

/// The accounts that were asked for, or every one.
async fn these_or_all(db: &Db, accounts: Vec<AccountId>) -> Result<Vec<AccountId>> {
    let accounts = if accounts.is_empty() { account_list::summarized(db).await? } else { accounts };
    if accounts.is_empty() {
        let failure = Failure::new(ExitCode::Usage, "no account is in the summary tables");
        return Err(failure.hint("`aiviews populate` takes them from the sources").into());
    }
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
