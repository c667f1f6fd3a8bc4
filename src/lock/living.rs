//! Whether the run that holds the lock is alive, for those who only look.

use anyhow::Result;

use super::{file, held, keeper, table};
use crate::db::Db;

/// The run that holds the lock and may be alive; none where nobody holds it, or where the owner is gone for certain.
pub async fn living_run(db: &Db) -> Result<Option<String>> {
    if db.is_alone() {
        return Ok(None);
    }
    let Some(owner) = held(db).await?.and_then(|held| held.owner) else { return Ok(None) };
    let is_silent = match keeper::is_there(db).await? {
        true => keeper::is_silent(db).await?,
        false => table::is_silent(db).await?,
    };
    let is_gone = file::is_left_by(db, &owner.run_id) || is_silent;
    Ok((!is_gone).then_some(owner.run_id))
}
