//! `aiviews forget`: an account leaves.

use std::time::Instant;

use anyhow::Result;
use tracing::warn;

use crate::account::AccountId;
use crate::cli::{Forget, Global};
use crate::exit::{ExitCode, Failure};
use crate::lock;
use crate::output;
use crate::refresh::forget;
use crate::refresh::forget::Forgotten;
use crate::refresh::privilege;
use crate::refresh::run_log::State;
use crate::schema::preflight;
use crate::stop::Stop;

pub(super) async fn run(global: &Global, arguments: &Forget, stop: &Stop) -> Result<ExitCode> {
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
    let lock = lock::take(db, deadline, stop).await?;
    let state = if arguments.ignore { State::Ignored } else { State::Forgotten };
    // All or nothing: once the first partition is dropped the others follow.
    let outcome = match stop.code() {
        Some(_) => Err(super::stopped(stop).into()),
        None => forget::forget(db, &account, state).await,
    };
    let released = lock.release().await;
    let Forgotten { removed, is_in_source } = outcome?;
    released?;
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
