//! Two generations of an account in one table: what a process that dies inside a swap of the embedded engine leaves.
//!
//! Whoever opens the folder next removes the older one, where the log and the rows leave no doubt which that is. The
//! account stays announced in the log, so the next refresh redoes it.

use anyhow::Result;
use clickhouse::Row;
use serde::Deserialize;
use tracing::{info, warn};

use crate::db::codes;
use crate::db::{Db, QueryError};
use crate::sql;

/// No table, or no database.
const NOT_THERE: [u32; 2] = [codes::UNKNOWN_TABLE, codes::UNKNOWN_DATABASE];

/// A swap that was announced and never reported.
#[derive(Debug, Row, Deserialize)]
struct Announced {
    klaviyo_public_id: String,
    table_name: String,
    started_at: u32,
    row_count: u64,
}

/// A stored part of one account.
#[derive(Debug, Row, Deserialize)]
struct Part {
    part: String,
    row_count: u64,
    newest: u32,
}

/// Leaves one generation of each account that a dead run was publishing. Nobody else may have the engine.
pub async fn heal(db: &Db) {
    if let Err(error) = try_to_heal(db).await {
        // Every reader can still do its work, and the next refresh heals by its own means.
        warn!("what a broken run left could not be looked at: {error:#}");
    }
}

async fn try_to_heal(db: &Db) -> Result<()> {
    let announced: Vec<Announced> = match db.statement(&sql::HALF_PUBLISHED).fetch_all().await {
        // No migration yet.
        Err(error) if QueryError::code_of(&error).is_some_and(|code| NOT_THERE.contains(&code)) => {
            return Ok(());
        }
        announced => announced?,
    };
    for swap in &announced {
        let parts = db.statement(&sql::ACCOUNT_PARTS).param("target", &swap.table_name);
        let parts: Vec<Part> = parts.param("klaviyo_public_id", &swap.klaviyo_public_id).fetch_all().await?;
        for part in older(swap, &parts) {
            info!(
                account = swap.klaviyo_public_id,
                table = swap.table_name,
                rows = part.row_count,
                "removing the older generation that a broken run left beside the new one"
            );
            let dropping = db.statement(&sql::DROP_PART).param("target", &swap.table_name);
            dropping.param("part", &part.part).writing().execute().await?;
        }
    }
    Ok(())
}

/// The parts that the swap was to remove: all but the one that holds what it announced, if there is exactly one.
fn older<'parts>(swap: &Announced, parts: &'parts [Part]) -> Vec<&'parts Part> {
    let (new, old): (Vec<_>, Vec<_>) = parts.iter().partition(|part| part.newest >= swap.started_at);
    match new.as_slice() {
        [new] if new.newest == swap.started_at && new.row_count == swap.row_count => old,
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(name: &str, row_count: u64, newest: u32) -> Part {
        Part { part: name.to_owned(), row_count, newest }
    }

    #[test]
    fn only_a_new_part_that_is_whole_makes_the_others_old() {
        let swap = Announced {
            klaviyo_public_id: "a".to_owned(),
            table_name: "t".to_owned(),
            started_at: 100,
            row_count: 7,
        };
        let names = |parts: &[Part]| older(&swap, parts).iter().map(|it| it.part.clone()).collect::<Vec<_>>();
        assert_eq!(names(&[part("old", 9, 50), part("new", 7, 100)]), ["old"]);
        assert_eq!(names(&[part("old", 9, 50), part("older", 1, 20), part("new", 7, 100)]), ["old", "older"]);
        let doubtful = [
            vec![part("old", 9, 50)],
            vec![part("new", 7, 100)],
            vec![part("old", 9, 50), part("half", 6, 100)],
            vec![part("future", 9, 200), part("new", 7, 100)],
            vec![part("old", 7, 50), part("kept alone", 7, 60)],
            vec![part("same second", 7, 100), part("new", 7, 100)],
        ];
        for parts in doubtful {
            assert_eq!(names(&parts), Vec::<String>::new(), "{parts:?}");
        }
    }
}
