//! What a run owes to other replicas: it begins with all that they know, and drops nothing that readers may lack.

use anyhow::Result;
use tracing::warn;

use super::{partitions, snapshot};
use crate::db::Db;
use crate::schema::TABLES;
use crate::schema::topology::KEPT;
use crate::sql;

/// Waits until this replica has all that others know of the tables that a run reads and swaps: the history that it
/// would not have is history that the swap removes.
pub(super) async fn catch_up(db: &Db) -> Result<()> {
    db.refuse_if_elsewhere().await?;
    let engine = match db.way().is_plain() {
        true => return Ok(()),
        false => snapshot::engine_beside(db).await?,
    };
    // Where there is nothing to wait for, the look at the schema says what is wrong.
    if !engine.starts_with("Replicated") && !engine.starts_with("Shared") {
        return Ok(());
    }
    for table in TABLES.iter().map(|table| table.name).chain([sql::REFRESH_LOG.object()]) {
        db.statement(&sql::SYNC_REPLICA).generated_name("table", table).execute().await?;
    }
    Ok(())
}

/// Keeps a working table of a broken run where it may hold rows that its swap did not bring to this replica. Whether it
/// was kept: then it has another name, and no run touches it.
pub(super) async fn keeps(db: &Db, name: &str) -> Result<bool> {
    let table = TABLES.iter().find(|table| name.ends_with(&format!("_{}", table.name)));
    let Some(table) = table.filter(|_| !db.way().is_plain() && name.starts_with("ai_staging_")) else {
        return Ok(false);
    };
    let staged = partitions::of_tables(db, &[name], &[]).await?;
    let ids: Vec<&str> = staged.iter().map(|partition| partition.klaviyo_public_id.as_str()).collect();
    if ids.is_empty() {
        return Ok(false);
    }
    let live = partitions::of_tables(db, &[table.name], &ids).await?;
    let rows_of = |id: &str| live.iter().find(|it| it.klaviyo_public_id == id).map_or(0, |it| it.stored_rows);
    if staged.iter().all(|partition| partition.stored_rows <= rows_of(&partition.klaviyo_public_id)) {
        return Ok(false);
    }
    let kept = name.replacen("ai_staging_", KEPT, 1);
    let renaming = db.statement(&sql::RENAME_TABLE).generated_name("from", name).generated_name("to", &kept);
    renaming.execute().await?;
    warn!(
        table = table.name,
        "a broken run staged more rows than are there now: they are kept in `{kept}`, drop it when content"
    );
    Ok(true)
}
