//! `aiviews mcp`: the door for chatbots, on stdin and stdout or over HTTP.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context, Result};
use tokio::net::TcpListener;

use super::{Global, Verb};
use crate::db::Db;
use crate::db::connection::{self, Connection};
use crate::db::retry::RetryPolicy;
use crate::db::target::{SqlUser, Target};
use crate::exit::stop::{Manner, Stop};
use crate::exit::{ExitCode, Failure};
use crate::mcp::budget::Budgets;
use crate::mcp::guard::Scope;
use crate::mcp::price::Prices;
use crate::mcp::{self, Caller, Door, Settings, Tokens, log, token};
use crate::output;

/// Arguments of `mcp`.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  aiviews mcp --klaviyo-id XqkVGb                              one account, for a program that starts it
  aiviews mcp --make-token agency --klaviyo-id XqkVGb          a token, and its line for the file
  aiviews mcp --http 127.0.0.1:8124 --tokens tokens.txt        HTTP at /mcp, each token with its accounts")]
pub struct Arguments {
    /// Account that may be seen, by its Klaviyo public id; repeatable
    #[arg(short = 'k', long, alias = "klaviyo_id", value_name = "ID")]
    klaviyo_id: Vec<String>,
    /// Every account may be seen
    #[arg(long, conflicts_with = "klaviyo_id")]
    all_accounts: bool,
    /// Serve over HTTP at this address of this machine instead of stdin and stdout
    #[arg(long, value_name = "ADDRESS")]
    http: Option<SocketAddr>,
    /// File of tokens for HTTP: a line has a name, the token's SHA-256, and the accounts or `*`
    #[arg(long, value_name = "FILE")]
    tokens: Option<PathBuf>,
    /// Make a token for the accounts, print it and its line for the file of tokens, and end
    #[arg(long, value_name = "NAME", conflicts_with_all = ["http", "tokens"])]
    make_token: Option<String>,
    /// File of prices: a line has a model and the money for a million tokens in and out
    #[arg(long, value_name = "FILE")]
    prices: Option<PathBuf>,
    /// File of budgets: `token NAME month 1000 calls` or `account ID day 5.50 money`, one a line
    #[arg(long, value_name = "FILE")]
    budgets: Option<PathBuf>,
    /// Keep only a hash of each SQL statement in the chat log
    #[arg(long)]
    hash_statements: bool,
    #[command(flatten)]
    sql_user: SqlUser,
}

impl Verb for Arguments {
    const MANNER: Manner = Manner::Serves;
}

/// The name of the caller where there are no tokens.
const STDIO: &str = "stdio";

/// Serves until the client goes away or a signal comes.
pub(super) async fn run(global: &Global, arguments: &Arguments, stop: &Stop) -> Result<ExitCode> {
    let scope = scope(arguments)?;
    if let Some(name) = &arguments.make_token {
        let scope =
            scope.ok_or_else(|| usage("a token needs accounts", "add --klaviyo-id ID or --all-accounts"))?;
        let (token, line) = token::make(name, &scope)?;
        output::print(&format!("token: {token}\nline for the file of tokens: {line}"));
        return Ok(ExitCode::Done);
    }
    match (&arguments.http, &arguments.tokens, scope) {
        (Some(address), Some(file), None) => {
            let tokens = Tokens::open(file)?;
            if !address.ip().is_loopback() {
                let hint = "listen on 127.0.0.1 and put a proxy with TLS before it";
                return Err(usage(format!("`{address}` is no address of this machine alone"), hint));
            }
            let listener = TcpListener::bind(address).await;
            let listener = listener.with_context(|| format!("cannot listen on {address}"))?;
            serve(global, arguments, stop, Face::Http(tokens, listener)).await
        }
        (None, None, Some(scope)) => {
            let caller = Caller { name: STDIO.to_owned(), scope };
            serve(global, arguments, stop, Face::Stdio(caller)).await
        }
        (Some(_), None, _) => Err(usage(
            "HTTP needs a file of tokens",
            "add --tokens FILE; `aiviews mcp --make-token NAME` makes one",
        )),
        (Some(_), Some(_), Some(_)) => Err(usage(
            "over HTTP the accounts stand in the file of tokens",
            "leave out --klaviyo-id and --all-accounts",
        )),
        (None, Some(_), _) => Err(usage("`--tokens` is for HTTP", "add --http 127.0.0.1:8124")),
        (None, None, None) => Err(usage(
            "whose accounts may be seen is not said",
            "add --klaviyo-id ID, repeatable, or --all-accounts",
        )),
    }
}

enum Face {
    Stdio(Caller),
    Http(Tokens, TcpListener),
}

async fn serve(global: &Global, arguments: &Arguments, stop: &Stop, face: Face) -> Result<ExitCode> {
    let prices = arguments.prices.as_deref().map(Prices::open).transpose()?;
    let has_prices = prices.is_some();
    let budgets = arguments.budgets.as_deref().map(|file| Budgets::open(file, has_prices)).transpose()?;
    let settings = Settings {
        keeps_statements: !arguments.hash_statements,
        prices: prices.unwrap_or_default(),
        budgets: budgets.unwrap_or_default(),
    };
    let target = Target::from_options(&global.connect)?;
    let reading = target.as_sql_user(&global.connect, &arguments.sql_user)?;
    let connection = super::connect_to_data(global, std::time::Duration::ZERO, stop).await?;
    let reader = reader(&target, reading, &connection, stop).await?;
    let (chat_log, writer) = log::start(&connection.db);
    let door = Door::new(connection.db.clone(), reader, chat_log, settings);
    let served = match face {
        Face::Stdio(caller) => mcp::serve_stdio(door, caller, stop).await,
        Face::Http(tokens, listener) => {
            output::tell(&format!("serving the protocol at http://{}/mcp", listener.local_addr()?));
            mcp::serve_http(door, tokens, listener, stop).await;
            Ok(())
        }
    };
    writer.end().await;
    served?;
    Ok(stop.code().unwrap_or(ExitCode::Done))
}

/// Who runs what a chatbot wrote: a user of its own on a server, a reader's role in the embedded engine.
async fn reader(
    target: &Target,
    reading: Option<Target>,
    connection: &Connection,
    stop: &Stop,
) -> Result<Db> {
    match (target, reading) {
        (_, Some(target)) => {
            let opening = connection::open_existing(&target, RetryPolicy::default(), Instant::now());
            let Some(opened) = stop.or_done(opening).await else { return Err(super::stopped(stop).into()) };
            Ok(opened?.db.killed_by(&connection.db))
        }
        (Target::Embedded(_), None) => Ok(connection.db.as_reader()),
        (Target::Server(server), None) => {
            tracing::warn!(
                "statements of chatbots run as `{}`, who may write: CLICKHOUSE_CHATBOT_USER names one that may only \
                 read, and `aiviews grants --for mcp` prints the statements that make it",
                server.user
            );
            Ok(connection.db.clone())
        }
    }
}

/// The accounts that the arguments name; none where they name none.
fn scope(arguments: &Arguments) -> Result<Option<Scope>> {
    match (arguments.all_accounts, super::accounts(&arguments.klaviyo_id)?) {
        (true, _) => Ok(Some(Scope::All)),
        (false, accounts) if accounts.is_empty() => Ok(None),
        (false, accounts) => Ok(Some(Scope::Accounts(accounts))),
    }
}

fn usage(message: impl Into<String>, hint: &str) -> anyhow::Error {
    Failure::new(ExitCode::Usage, message).hint(hint).into()
}
