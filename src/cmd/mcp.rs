//! `aiviews mcp`: the door for chatbots, on stdin and stdout or over HTTP.

use anyhow::{Context, Result};
use tokio::net::TcpListener;

use crate::cli::{Global, Mcp};
use crate::exit::{ExitCode, Failure};
use crate::mcp::guard::Scope;
use crate::mcp::{self, Caller, Door, Tokens, log, token};
use crate::output;
use crate::stop::Stop;

/// The name of the caller where there are no tokens.
const STDIO: &str = "stdio";

/// Serves until the client goes away or a signal comes.
pub(super) async fn run(global: &Global, arguments: &Mcp, stop: &Stop) -> Result<ExitCode> {
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

async fn serve(global: &Global, arguments: &Mcp, stop: &Stop, face: Face) -> Result<ExitCode> {
    let connection = super::connect_to_data(global, std::time::Duration::ZERO, stop).await?;
    let (chat_log, writer) = log::start(&connection.db);
    let door = Door::new(connection.db.clone(), chat_log, !arguments.hash_statements);
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

/// The accounts that the arguments name; none where they name none.
fn scope(arguments: &Mcp) -> Result<Option<Scope>> {
    match (arguments.all_accounts, super::accounts(&arguments.klaviyo_id)?) {
        (true, _) => Ok(Some(Scope::All)),
        (false, accounts) if accounts.is_empty() => Ok(None),
        (false, accounts) => Ok(Some(Scope::Accounts(accounts))),
    }
}

fn usage(message: impl Into<String>, hint: &str) -> anyhow::Error {
    Failure::new(ExitCode::Usage, message).hint(hint).into()
}
