//! What verbs share: values on the command line, and how a verb begins.

use std::ffi::OsStr;
use std::time::{Duration, Instant};

use anyhow::Result;
use clap::builder::{PossibleValue, StringValueParser, TypedValueParser};

use super::Global;
use crate::account::AccountId;
use crate::db::Db;
use crate::db::connection::{self, Connection};
use crate::db::retry::RetryPolicy;
use crate::db::target::Target;
use crate::exit::stop::Stop;
use crate::exit::{ExitCode, Failure};
use crate::question::QUESTIONS;
use crate::schema::TABLES;
use crate::status::account_list;

/// The longest duration that an option takes, in days: more is a slip of the hand.
const LONGEST_DURATION: u64 = 366;

/// An account whose newest rows are older is stale, unless the user says otherwise: a night and two hours.
pub(super) const USUAL_MAX_AGE: &str = "26h";

/// A duration such as `30m` or `26h`.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let duration = humantime::parse_duration(text).map_err(|error| error.to_string())?;
    match duration.as_secs() <= LONGEST_DURATION * 24 * 3600 {
        true => Ok(duration),
        false => Err(format!("at most {LONGEST_DURATION}d")),
    }
}

/// A text of which some values are known, for shells to complete. Others are refused by the verb, which can say more.
#[derive(Clone)]
pub(super) struct Known(pub(super) fn() -> Vec<&'static str>);

pub(super) fn tables() -> Vec<&'static str> {
    TABLES.iter().map(|table| table.name).collect()
}

pub(super) fn questions() -> Vec<&'static str> {
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

/// For a verb that begins: opens the target, waiting so long for a data folder in use. Nothing is tried again once a stop
/// is asked for.
pub(super) async fn connect(global: &Global, wait: Duration, stop: &Stop) -> Result<Connection> {
    let target = Target::from_options(&global.connect)?;
    let opening = connection::open(&target, RetryPolicy::default(), Instant::now() + wait);
    stopping(global, opening, stop).await
}

/// The same for a verb that works on what is there.
pub(super) async fn connect_to_data(global: &Global, wait: Duration, stop: &Stop) -> Result<Connection> {
    connect_to(&Target::from_options(&global.connect)?, global, wait, stop).await
}

/// The same to a target that is known already.
pub(super) async fn connect_to(
    target: &Target,
    global: &Global,
    wait: Duration,
    stop: &Stop,
) -> Result<Connection> {
    let opening = connection::open_existing(target, RetryPolicy::default(), Instant::now() + wait);
    stopping(global, opening, stop).await
}

/// The same for a verb that only reads: its statements are killed once a stop is asked for.
pub(super) async fn connect_to_read(global: &Global, stop: &Stop) -> Result<Connection> {
    let connection = connect_to_data(global, Duration::ZERO, stop).await?;
    Ok(Connection { db: connection.db.interruptible(), ..connection })
}

async fn stopping(
    global: &Global,
    opening: impl Future<Output = Result<Connection>>,
    stop: &Stop,
) -> Result<Connection> {
    let cluster = Target::cluster(&global.connect)?;
    let Some(connection) = stop.or_done(opening).await else { return Err(stopped(stop).into()) };
    let connection = connection?;
    let db = connection.db.in_cluster(cluster.as_deref())?.with_stop(stop);
    Ok(Connection { db, ..connection })
}

pub(super) fn stopped(stop: &Stop) -> Failure {
    Failure::new(stop.code().unwrap_or(ExitCode::Interrupted), "stopped on request")
}

/// The accounts that the arguments name, each once.
pub(super) fn accounts(ids: &[String]) -> Result<Vec<AccountId>> {
    let accounts: Result<Vec<AccountId>, _> = ids.iter().map(|id| AccountId::from_argument(id)).collect();
    let mut accounts = accounts?;
    accounts.sort();
    accounts.dedup();
    Ok(accounts)
}

/// The accounts that were asked for, or every one.
pub(super) async fn these_or_all(db: &Db, accounts: Vec<AccountId>) -> Result<Vec<AccountId>> {
    let accounts = if accounts.is_empty() { account_list::summarized(db).await? } else { accounts };
    if accounts.is_empty() {
        let failure = Failure::new(ExitCode::Usage, "no account is in the summary tables");
        return Err(failure.hint("`aiviews populate` takes them from the sources").into());
    }
    Ok(accounts)
}

/// `--param name=value`, split.
pub(super) fn parameters(texts: &[String]) -> Result<Vec<(String, String)>> {
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
pub(super) fn announce(db: &Db) {
    tracing::info!("target: {} (ClickHouse {})", db.target(), db.version());
}
