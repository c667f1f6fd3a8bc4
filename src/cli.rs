//! The command line: clap types only.

use std::ffi::OsStr;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use chrono::NaiveDate;
use clap::builder::{PossibleValue, StringValueParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::context::Format;
use crate::context::schema::Scope;
use crate::db::target::Connect;
use crate::exit;
use crate::output::Talk;
use crate::question::QUESTIONS;
use crate::schema::TABLES;
use crate::schema::grants::Audience;

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

/// The verbs; each has its file in `cmd`.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Create or evolve the summary tables, helper views and the run log
    Migrate(Migrate),
    /// Recompute the summary tables for a window of days
    Populate(Populate),
    /// Compare the live database with the schema that the chatbot's queries expect
    Verify(Verify),
    /// Show the last runs and how fresh each table and account is
    Status(Status),
    /// List the accounts: rows, newest date, last refresh
    Accounts(Accounts),
    /// Make realistic sample sources (never where other sources exist)
    Seed(Seed),
    /// Answer a ready-made question about one account or several; without a question: list them
    Query(Query),
    /// Print what to put before a model: an account's numbers and what they say, within a budget of tokens
    Context(Context),
    /// Open the door for chatbots: a Model Context Protocol server on stdin and stdout, or over HTTP
    Mcp(Mcp),
    /// Show what chatbots asked through the door, how it went, and what had no answer
    Usage(Usage),
    /// Serve the embedded engine over ClickHouse's HTTP interface on 127.0.0.1
    Serve(Serve),
    /// Remove an account that leaves: its partition in all seven tables
    Forget(Forget),
    /// Print the statements that make a user for the refresher, a chatbot or the chatbot's door
    Grants(Grants),
    /// Print a shell completion script
    Completions(Completions),
}

/// The longest duration that an option takes, in days: more is a slip of the hand.
const LONGEST_DURATION: u64 = 366;

/// A duration such as `30m` or `26h`.
fn duration(text: &str) -> Result<Duration, String> {
    let duration = humantime::parse_duration(text).map_err(|error| error.to_string())?;
    match duration.as_secs() <= LONGEST_DURATION * 24 * 3600 {
        true => Ok(duration),
        false => Err(format!("at most {LONGEST_DURATION}d")),
    }
}

impl Command {
    /// Whether stdout is to be one JSON document, also where the verb fails.
    pub fn wants_json(&self) -> bool {
        match self {
            Command::Migrate(arguments) => arguments.json,
            Command::Populate(arguments) => arguments.json,
            Command::Verify(arguments) => arguments.json,
            Command::Status(arguments) => arguments.json,
            Command::Accounts(arguments) => arguments.json,
            Command::Seed(arguments) => arguments.json,
            Command::Forget(arguments) => arguments.json,
            Command::Grants(arguments) => arguments.json,
            Command::Query(arguments) => arguments.json || arguments.format == AnswerFormat::Json,
            Command::Context(arguments) => arguments.json || arguments.format == Format::Json,
            Command::Usage(arguments) => arguments.json,
            Command::Mcp(_) | Command::Serve(_) | Command::Completions(_) => false,
        }
    }
}

/// Arguments of `migrate`.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  aiviews migrate --dry-run   print every statement, change nothing
  aiviews migrate --rebuild   also copy tables whose partition or sorting key differs")]
pub struct Migrate {
    /// Print the statements and change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Rebuild tables whose engine, partition or sorting key differs: copied, checked, exchanged, the old one kept
    #[arg(long)]
    pub rebuild: bool,
    /// How long to wait for another run to end
    #[arg(long, value_name = "DURATION", default_value = "0s", value_parser = duration)]
    pub wait: Duration,
    /// One JSON document on stdout
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `populate`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Examples:
  aiviews populate                                  every account, the last 90 days
  aiviews populate --klaviyo-id XqkVGb --days 7     one account, a week
  aiviews populate --as-of 2026-03-31 --dry-run     what a run for that date would do")]
pub struct Populate {
    /// Account to refresh, by its Klaviyo public id; repeatable (default: every account)
    #[arg(long, short = 'k', alias = "klaviyo_id", value_name = "ID")]
    pub klaviyo_id: Vec<String>,
    /// Number of dates to recompute, as-of included (1..3650)
    #[arg(long, default_value_t = 90, value_parser = clap::value_parser!(u16).range(1..=3650))]
    pub days: u16,
    /// Last date of the window (default: the server's today)
    #[arg(long, value_name = "DATE")]
    pub as_of: Option<NaiveDate>,
    /// Summary table to refresh; repeatable (default: all seven)
    #[arg(long, value_name = "TABLE", value_parser = Known(tables), hide_possible_values = true)]
    pub table: Vec<String>,
    /// Only accounts with corrections of days that runs no longer read, and only from those days on (`status` lists them)
    #[arg(long, conflicts_with_all = ["klaviyo_id", "days", "as_of", "table", "resume", "dry_run"])]
    pub late: bool,
    /// Leave out accounts that were published for the same dates within the last day
    #[arg(long)]
    pub resume: bool,
    /// Publish also where the source has lost most or all of its rows
    #[arg(long)]
    pub allow_shrink: bool,
    /// Accounts per batch (default: by the number of rows)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub batch_accounts: Option<u32>,
    /// How long to wait for another run to end
    #[arg(long, value_name = "DURATION", default_value = "0s", value_parser = duration)]
    pub wait: Duration,
    /// Print the statements and an estimate, change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// One JSON document on stdout
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `verify`.
#[derive(Args, Debug)]
pub struct Verify {
    /// Prove that the embedded SQL creates the contract, in a throw-away embedded engine; needs no sources
    #[arg(long)]
    pub sql: bool,
    /// Look for holes in what keeps this user to its accounts: policies, grants, limits, views, the server's version
    #[arg(long, value_name = "USER", conflicts_with = "sql")]
    pub chatbot: Option<String>,
    /// One JSON document on stdout
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `status`.
#[derive(Args, Debug)]
pub struct Status {
    /// Only the history of this account: what each run did to each of its tables, newest first
    #[arg(long, short = 'k', alias = "klaviyo_id", value_name = "ID")]
    pub klaviyo_id: Option<String>,
    /// Exit 9 where an account's newest rows are older than this
    #[arg(long, value_name = "DURATION", default_value = "26h", value_parser = duration)]
    pub max_age: Duration,
    /// One JSON document on stdout
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `accounts`.
#[derive(Args, Debug)]
pub struct Accounts {
    /// One JSON document on stdout
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `seed`.
#[derive(Args, Debug)]
pub struct Seed {
    /// Number of accounts
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub accounts: u32,
    /// Number of dates, today included
    #[arg(long, default_value_t = 120, value_parser = clap::value_parser!(u32).range(1..=3650))]
    pub days: u32,
    /// The same seed makes the same rows
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// One JSON document on stdout
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `query`.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  aiviews query                                                      the questions
  aiviews query campaigns_this_week --klaviyo-id XqkVGb              one account
  aiviews query stores_compared --klaviyo-id A1b2C3 --klaviyo-id D4e5F6   several, never added up
  aiviews query flow_across_stores --klaviyo-id A1b2C3 --param flow=\"Welcome\" --format csv")]
pub struct Query {
    /// The question's name
    #[arg(value_parser = Known(questions), hide_possible_values = true)]
    pub question: Option<String>,
    /// Account to ask about, by its Klaviyo public id; repeatable: each has its own rows
    #[arg(long, short = 'k', alias = "klaviyo_id", value_name = "ID")]
    pub klaviyo_id: Vec<String>,
    /// Ask about every account of the summary tables
    #[arg(long, conflicts_with = "klaviyo_id")]
    pub all_accounts: bool,
    /// How the answer is written
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    pub format: AnswerFormat,
    /// The same as --format json
    #[arg(long, conflicts_with = "format")]
    pub json: bool,
    /// The question's parameter `days`
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub days: Option<String>,
    /// The question's parameter `threshold`, in percent
    #[arg(long, value_name = "PERCENT", allow_negative_numbers = true)]
    pub threshold: Option<String>,
    /// The question's parameter `limit`: rows per account
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub limit: Option<String>,
    /// Any parameter of the question; repeatable
    #[arg(long, value_name = "NAME=VALUE")]
    pub param: Vec<String>,
    /// Print the SQL statement with its values instead of the answer, to run in any client
    #[arg(long, requires = "question", conflicts_with_all = ["format", "json"])]
    pub show_sql: bool,
}

/// How an answer is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum AnswerFormat {
    /// Columns for people, with notes on how to read them.
    Table,
    /// One JSON document.
    Json,
    /// Comma-separated values with a header line.
    Csv,
    /// A Markdown table.
    Markdown,
}

/// Arguments of `context`.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  aiviews context --klaviyo-id XqkVGb                              the last days, weeks and months, and insights
  aiviews context --klaviyo-id XqkVGb --question flows_by_revenue  the answer to one question
  aiviews context --schema                                         a system prompt: the helper views explained")]
pub struct Context {
    /// The account, by its Klaviyo public id
    #[arg(long, short = 'k', alias = "klaviyo_id", value_name = "ID", required_unless_present_any = ["schema", "all_accounts"])]
    pub klaviyo_id: Option<String>,
    /// One payload per account of the summary tables
    #[arg(long, conflicts_with_all = ["klaviyo_id", "schema"])]
    pub all_accounts: bool,
    /// Only the answer to this question (`aiviews query` lists them)
    #[arg(long, value_name = "NAME", value_parser = Known(questions), hide_possible_values = true)]
    pub question: Option<String>,
    /// A parameter of the question; repeatable
    #[arg(long, value_name = "NAME=VALUE", requires = "question")]
    pub param: Vec<String>,
    /// The most tokens, as o200k_base counts them; what has no room is named
    #[arg(long, value_name = "N", default_value_t = 600, value_parser = clap::value_parser!(u32).range(150..=1_000_000))]
    pub max_tokens: u32,
    /// How it is written
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,
    /// The same as --format json
    #[arg(long, conflicts_with = "format")]
    pub json: bool,
    /// Explain the helper views (or `all`: the tables too) instead; needs no connection
    #[arg(long, value_name = "SCOPE", num_args = 0..=1, default_missing_value = "views", conflicts_with_all = ["klaviyo_id", "question"])]
    pub schema: Option<Scope>,
}

/// Arguments of `mcp`.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  aiviews mcp --klaviyo-id XqkVGb                              one account, for a program that starts it
  aiviews mcp --make-token agency --klaviyo-id XqkVGb          a token, and its line for the file
  aiviews mcp --http 127.0.0.1:8124 --tokens tokens.txt        HTTP at /mcp, each token with its accounts")]
pub struct Mcp {
    /// Account that may be seen, by its Klaviyo public id; repeatable
    #[arg(short = 'k', long, alias = "klaviyo_id", value_name = "ID")]
    pub klaviyo_id: Vec<String>,
    /// Every account may be seen
    #[arg(long, conflicts_with = "klaviyo_id")]
    pub all_accounts: bool,
    /// Serve over HTTP at this address of this machine instead of stdin and stdout
    #[arg(long, value_name = "ADDRESS")]
    pub http: Option<SocketAddr>,
    /// File of tokens for HTTP: a line has a name, the token's SHA-256, and the accounts or `*`
    #[arg(long, value_name = "FILE")]
    pub tokens: Option<PathBuf>,
    /// Make a token for the accounts, print it and its line for the file of tokens, and end
    #[arg(long, value_name = "NAME", conflicts_with_all = ["http", "tokens"])]
    pub make_token: Option<String>,
    /// Keep only a hash of each SQL statement in the chat log
    #[arg(long)]
    pub hash_statements: bool,
}

/// Arguments of `usage`.
#[derive(Args, Debug)]
pub struct Usage {
    /// What a line is about
    #[arg(long, value_name = "WHAT", default_value = "day")]
    pub by: UsageBy,
    /// How far back
    #[arg(long, value_name = "DURATION", default_value = "30d", value_parser = duration)]
    pub since: Duration,
    /// One JSON document on stdout
    #[arg(long)]
    pub json: bool,
}

/// What a line of `usage` is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum UsageBy {
    /// A day.
    Day,
    /// An account, or several that were asked about together.
    Account,
    /// A model.
    Model,
    /// A question, or a tool without one.
    Question,
    /// A token.
    Token,
}

/// Arguments of `serve`.
#[derive(Args, Debug)]
#[command(after_help = "\
The token is the password of user `default`. AIVIEWS_TOKEN sets it; else one is made and printed once, on stderr.

Examples:
  aiviews serve --port 8123
  AIVIEWS_TOKEN=secret aiviews serve --port 0")]
pub struct Serve {
    /// Port on 127.0.0.1; 0 takes a free one
    #[arg(long, default_value_t = 8123)]
    pub port: u16,
}

/// Arguments of `forget`.
#[derive(Args, Debug)]
pub struct Forget {
    /// The account that leaves
    #[arg(long, short = 'k', alias = "klaviyo_id", value_name = "ID")]
    pub klaviyo_id: String,
    /// Confirm: its summary rows are gone afterwards
    #[arg(long)]
    pub yes: bool,
    /// Leave it out of runs of all accounts, also while its sources go on; `populate --klaviyo-id` takes it in again
    #[arg(long)]
    pub ignore: bool,
    /// How long to wait for another run to end
    #[arg(long, value_name = "DURATION", default_value = "0s", value_parser = duration)]
    pub wait: Duration,
    /// One JSON document on stdout
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `grants`.
#[derive(Args, Debug)]
#[command(after_help = "\
Nothing is connected to. Put a password in the place of '...', and run the statements as an administrator.

Examples:
  aiviews grants --for refresher --database marketing
  aiviews grants --for chatbot --klaviyo-id XqkVGb --database marketing")]
pub struct Grants {
    /// Whom the user is for
    #[arg(long = "for", value_name = "WHOM")]
    pub audience: Audience,
    /// The user's name; repeatable: each gets the same (default: aiviews, chatbot or aiviews_mcp)
    #[arg(long, value_name = "USER")]
    pub name: Vec<String>,
    /// Account whose rows the user sees; repeatable (refresher and mcp: every account)
    #[arg(long, short = 'k', alias = "klaviyo_id", value_name = "ID")]
    pub klaviyo_id: Vec<String>,
    /// One JSON array of statements on stdout
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `completions`.
#[derive(Args, Debug)]
pub struct Completions {
    /// The shell
    pub shell: clap_complete::Shell,
}

/// A text of which some values are known, for shells to complete. Others are refused by the verb, which can say more.
#[derive(Clone)]
struct Known(fn() -> Vec<&'static str>);

fn tables() -> Vec<&'static str> {
    TABLES.iter().map(|table| table.name).collect()
}

fn questions() -> Vec<&'static str> {
    QUESTIONS.iter().map(|question| question.name).collect()
}

impl TypedValueParser for Known {
    type Value = String;

    fn parse_ref(
        &self,
        command: &clap::Command,
        argument: Option<&clap::Arg>,
        value: &OsStr,
    ) -> Result<String, clap::Error> {
        StringValueParser::new().parse_ref(command, argument, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new((self.0)().into_iter().map(PossibleValue::new)))
    }
}
