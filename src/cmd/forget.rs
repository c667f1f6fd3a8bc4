//! `aiviews forget`: an account leaves.

use std::time::{Duration, Instant};

use anyhow::Result;
use tracing::warn;

use super::{Global, Verb, duration};
use crate::account::AccountId;
use crate::exit::stop::{Manner, Stop};
use crate::exit::{ExitCode, Failure};
use crate::lock;
use crate::output;
use crate::refresh::forget;
use crate::refresh::forget::Forgotten;
use crate::refresh::privilege;
use crate::refresh::run_log::State;
use crate::schema::preflight;

/// Arguments of `forget`.
#[derive(clap::Args, Debug)]
pub struct Arguments {
    /// The account that leaves
    #[arg(long, short = 'k', alias = "klaviyo_id", value_name = "ID")]
    klaviyo_id: String,
    /// Confirm: its summary rows are gone afterwards
    #[arg(long)]
    yes: bool,
    /// Leave it out of runs of all accounts, also while its sources go on; `populate --klaviyo-id` takes it in again
    #[arg(long)]
    ignore: bool,
    /// How long to wait for another run to end
    #[arg(long, value_name = "DURATION", default_value = "0s", value_parser = duration)]
    wait: Duration,
    /// One JSON document on stdout
    #[arg(long)]
    json: bool,
}

impl Verb for Arguments {
    const MANNER: Manner = Manner::Writes;

    fn wants_json(&self) -> bool {
        self.json
    }
}

pub(super) async fn run(global: &Global, arguments: &Arguments, stop: &Stop) -> Result<ExitCode> {
    let account = AccountId::from_argument(&arguments.klaviyo_id)?;
    if !arguments.yes {
        let message = format!("`forget` removes every summary row of account `{account}`");
        return Err(Failure::new(ExitCode::Usage, message).hint("add --yes to do it").into());
    }
    let deadline = Instant::now() + arguments.wait;
    let connection = super::connect_to_data(global, arguments.wait, stop).await?;
    let db = &connection.db;
    super::announce(db);
    privilege::refuse_missing(&db.interruptible(), &privilege::to_forget(db)).await?;
    preflight::check_schema(&db.interruptible()).await?;
    let db = &db.for_a_run().await?;
    let state = if arguments.ignore { State::Ignored } else { State::Forgotten };
    // All or nothing: once the first partition is dropped the others follow.
    let work = async {
        match stop.code() {
            Some(_) => Err(super::stopped(stop).into()),
            None => {
                db.refuse_if_elsewhere().await?;
                forget::forget(db, &account, state).await
            }
        }
    };
    let done = lock::hold(db, deadline, stop, work).await?;
    done.released?;
    let Forgotten { removed, is_in_source } = done.work;
    if is_in_source && !arguments.ignore {
        warn!(
            "a source still has rows of account `{account}`: the next `aiviews populate` of all accounts brings it back, \
             unless it is forgotten with --ignore"
        );
    }
    if arguments.json {
        output::print_json(&serde_json::json!({
            "account": account,
            "rows_removed": removed,
            "is_in_source": is_in_source,
            "is_ignored": arguments.ignore,
        }));
    } else {
        let rows: u64 = removed.values().sum();
        let (rows, tables) = (output::counted(rows, "row"), output::counted(removed.len() as u64, "table"));
        output::print_words(&format!("account `{account}`: {rows} removed from {tables}"));
    }
    Ok(ExitCode::Done)
}
