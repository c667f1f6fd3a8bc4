//! `aiviews forget`: an account leaves.

use std::time::Instant;

use anyhow::Result;

use crate::account::AccountId;
use crate::cli::{Forget, Global};
use crate::exit::{ExitCode, Failure};
use crate::stop::Stop;
use crate::{forget, lock, output, preflight, privilege};

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
    // All or nothing: once the first partition is dropped the others follow.
    let outcome = match stop.code() {
        Some(_) => Err(super::stopped(stop).into()),
        None => forget::forget(db, &account).await,
    };
    let released = lock.release().await;
    let removed = outcome?;
    released?;
    if arguments.json {
        output::print_json(&serde_json::json!({ "account": account, "rows_removed": removed }));
    } else {
        let rows: u64 = removed.values().sum();
        let (rows, tables) = (output::counted(rows, "row"), output::counted(removed.len() as u64, "table"));
        output::print_words(&format!("account `{account}`: {rows} removed from {tables}"));
    }
    Ok(ExitCode::Done)
}
