//! Runs a plan's actions, one after the other.

use anyhow::{Context, Result};

use super::plan::Action;
use super::rebuild;
use crate::db::retry::Class;
use crate::db::{Db, QueryError, Statement};
use crate::exit::Failure;
use crate::exit::stop::Stop;
use crate::sql;

/// Runs the actions and tells of each one that is done, with what is worth knowing of it.
///
/// # Errors
///
/// The first failure ends the migration. Its message says how many actions are done: they stay, and the next run
/// goes on after them.
pub async fn execute(
    db: &Db,
    actions: &[Action],
    stop: &Stop,
    mut done: impl FnMut(&Action, Option<String>),
) -> Result<()> {
    for (index, action) in actions.iter().enumerate() {
        let note = run(db, action, stop).await.with_context(|| {
            let (verb, object, count) = (action.verb(), action.object(), actions.len());
            format!("stopped at {verb} `{object}`: {index} of {count} actions are done, `aiviews migrate` goes on from there")
        })?;
        done(action, note);
    }
    Ok(())
}

async fn run(db: &Db, action: &Action, stop: &Stop) -> Result<Option<String>> {
    if let Some(code) = stop.code() {
        return Err(Failure::new(code, "stopped on request").into());
    }
    if let Action::Rebuild { table, .. } = action {
        return rebuild::run(db, table, stop).await.map(Some);
    }
    for statement in statements(db, action) {
        match statement.execute().await {
            Err(error) if action.is_optional() && is_refused(&error) => {
                return Ok(Some(format!("left as it is: {error:#}")));
            }
            outcome => outcome?,
        }
    }
    Ok(None)
}

/// The server answered, and will not.
fn is_refused(error: &anyhow::Error) -> bool {
    error
        .downcast_ref::<QueryError>()
        .is_some_and(|error| error.code.is_some() && error.class == Class::Never)
}

/// The statements of an action, in order. A rebuild has those that it is known to need before it starts.
pub fn statements<'db>(db: &'db Db, action: &Action) -> Vec<Statement<'db>> {
    match action {
        Action::CreateTable(ddl) | Action::CreateView(ddl) | Action::ReplaceView { view: ddl, .. } => {
            vec![db.statement(ddl).writing()]
        }
        Action::Step { step, .. } => vec![db.statement(&step.sql).writing(), step.record(db).writing()],
        Action::Comments { table, comments } => {
            vec![db.statement(&sql::SET_COMMENTS).generated_name("table", table).comments(comments).writing()]
        }
        Action::Settings { table, settings } => {
            let statement = db.statement(&sql::SET_SETTINGS).generated_name("table", table);
            vec![statement.table_settings(settings).writing()]
        }
        Action::Rebuild { table, .. } => rebuild::outline(db, table),
    }
}
