//! One file per verb, with its arguments and its words: `ls src/cmd` equals `aiviews --help`, but for `common`.

mod accounts;
mod alert;
mod common;
mod completions;
mod context;
mod dashboard;
mod forget;
mod grants;
mod mcp;
mod migrate;
mod notes;
mod populate;
mod query;
mod report;
mod seed;
mod serve;
mod status;
mod usage;
mod verify;

use anyhow::Result;
use clap::{Args, Parser, Subcommand};

use self::common::{
    Known, USUAL_MAX_AGE, accounts, announce, connect, connect_to, connect_to_data, connect_to_read,
    duration, parameters, questions, stopped, tables, these_or_all,
};
use crate::db::target::Connect;
use crate::engine::exit_at_once;
use crate::exit::stop::{Manner, Stop};
use crate::exit::{self, ExitCode};
use crate::output::Talk;

/// Fresh, audited marketing summary tables in ClickHouse for AI chatbots.
#[derive(Debug, Parser)]
#[command(name = "aiviews", version, after_help = exit::HELP, propagate_version = true)]
#[command(after_long_help = long_help())]
pub struct Cli {
    /// Where to connect and how to talk.
    #[command(flatten)]
    pub global: Global,
    /// The verb.
    #[command(subcommand)]
    pub command: Command,
}

const EXAMPLES: &str = "\
Examples:
  aiviews seed --accounts 20                       sample accounts in the embedded engine
  aiviews migrate && aiviews populate              make the tables, fill them for every account
  aiviews populate --klaviyo-id XqkVGb --days 90   one account
  aiviews verify --json                            is the schema what the chatbot's queries expect
  CLICKHOUSE_URL=https://host:8443 aiviews status  the same against a server";

fn long_help() -> String {
    format!("{EXAMPLES}\n\n{}", exit::HELP)
}

/// Options of every verb.
#[derive(Args, Clone, Debug)]
pub struct Global {
    /// Where to connect.
    #[command(flatten)]
    pub connect: Connect,
    /// How to talk.
    #[command(flatten)]
    pub talk: Talk,
}

/// What every verb says of itself.
trait Verb {
    /// How it takes the first signal.
    const MANNER: Manner = Manner::Reads;

    /// Whether stdout is to be one JSON document, also where the verb fails.
    fn wants_json(&self) -> bool {
        false
    }

    fn manner(&self) -> Manner {
        Self::MANNER
    }
}

macro_rules! verbs {
    ($($(#[doc = $help:literal])* $verb:ident = $file:ident,)+) => {
        /// The verbs; each has its file in `cmd`.
        #[derive(Debug, Subcommand)]
        pub enum Command { $($(#[doc = $help])* $verb($file::Arguments),)+ }

        impl Command {
            /// Whether stdout is to be one JSON document, also where the verb fails.
            pub fn wants_json(&self) -> bool {
                match self { $(Command::$verb(arguments) => arguments.wants_json(),)+ }
            }

            fn manner(&self) -> Manner {
                match self { $(Command::$verb(arguments) => arguments.manner(),)+ }
            }

            async fn run(&self, global: &Global, stop: &Stop) -> Result<ExitCode> {
                match self { $(Command::$verb(arguments) => $file::run(global, arguments, stop).await,)+ }
            }
        }
    };
}

// In the order of `aiviews --help`.
verbs! {
    /// Create or evolve the summary tables, helper views and the run log
    Migrate = migrate,
    /// Recompute the summary tables for a window of days
    Populate = populate,
    /// Compare the live database with the schema that the chatbot's queries expect
    Verify = verify,
    /// Show the last runs and how fresh each table and account is
    Status = status,
    /// List the accounts: rows, newest date, last refresh
    Accounts = accounts,
    /// Make realistic sample sources (never where other sources exist)
    Seed = seed,
    /// Answer a ready-made question about one account or several; without a question: list them
    Query = query,
    /// Write a page for an account's owner: what happened, why, and what earned most
    Report = report,
    /// Print a dashboard for Grafana, of one account or of all
    Dashboard = dashboard,
    /// Print what to put before a model: an account's numbers and what they say, within a budget of tokens
    Context = context,
    /// Tell people what happened: anomaly events, accounts in trouble, budgets; by Slack, webhook and mail, each thing once
    Alert = alert,
    /// Keep what people know about an account: its name, its currency, what happened
    Notes = notes,
    /// Open the door for chatbots: a Model Context Protocol server on stdin and stdout, or over HTTP
    Mcp = mcp,
    /// Show what chatbots asked through the door, how it went, and what had no answer
    Usage = usage,
    /// Serve the embedded engine over ClickHouse's HTTP interface on 127.0.0.1
    Serve = serve,
    /// Remove an account that leaves: its partition in all seven tables
    Forget = forget,
    /// Print the statements that make a user for the refresher, a chatbot or the chatbot's door
    Grants = grants,
    /// Print a shell completion script
    Completions = completions,
}

/// Takes away from this process what its verb does not need, while it has one thread only.
pub fn confine(cli: &Cli) -> Result<()> {
    match &cli.command {
        Command::Serve(arguments) => serve::confine(&cli.global, arguments),
        _ => Ok(()),
    }
}

/// Runs the verb that the command line names.
pub async fn run(cli: Cli) -> Result<ExitCode> {
    let global = &cli.global;
    let manner = cli.command.manner();
    let stop = &Stop::on_signals(manner, exit_at_once)?;
    let outcome = cli.command.run(global, stop).await;
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
