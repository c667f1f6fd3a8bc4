//! `aiviews forget`: an account leaves.

use anyhow::Result;

use crate::account::AccountId;
use crate::cli::{Forget, Global};
use crate::exit::{ExitCode, Failure};
use crate::stop::Stop;
use crate::{forget, lock, output, preflight, privilege};

pub(super) async fn run(global: &Global, arguments: &Forget) -> Result<ExitCode> {
    let account = AccountId::from_argument(&arguments.klaviyo_id)?;
    if !arguments.yes {
        let message = format!("`forget` removes every summary row of account `{account}`");
        return Err(Failure::new(ExitCode::Usage, message).hint("add --yes to do it").into());
    }
    let connection = super::connect(global).await?;
    let db = &connection.db;
    super::announce(db);
    privilege::refuse_missing(db, &privilege::to_forget(db)).await?;
    preflight::check_schema(db).await?;
    let stop = Stop::on_signals()?;
    let lock = lock::take(db, arguments.wait, &stop).await?;
    let outcome = forget::forget(db, &account).await;
    let released = lock.release().await;
    let removed = outcome?;
    released?;
    if arguments.json {
        output::print_json(&serde_json::json!({ "account": account, "rows_removed": removed }));
    } else {
        let rows: u64 = removed.values().sum();
        output::print(&format!("account `{account}`: {rows} rows removed from {} tables", removed.len()));
    }
    Ok(ExitCode::Done)
}
