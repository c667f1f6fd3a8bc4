//! What the database looks like: its tables and views with their columns, read in two queries.

use anyhow::{Context, Result};
use clickhouse::Row;
use serde::Deserialize;

use crate::db::Db;
use crate::schema::Definition;
use crate::sql;

/// A column as the server reports it.
#[derive(Clone, Debug, PartialEq, Eq, Row, Deserialize)]
pub struct LiveColumn {
    object: String,
    /// As in `system.columns`.
    pub name: String,
    /// As the server prints it.
    pub column_type: String,
    /// `DEFAULT`, `MATERIALIZED`, `ALIAS`, `EPHEMERAL`, or empty.
    pub default_kind: String,
    /// The expression behind that, or empty.
    pub default_expression: String,
    /// What a reader is told about it.
    pub comment: String,
}

/// A table or view as the server reports it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveObject {
    /// As in `system.tables`.
    pub name: String,
    /// Engine without arguments, such as `View` or `ReplacingMergeTree`.
    pub engine: String,
    /// Engine with its arguments and all clauses after it.
    pub engine_full: String,
    /// The statement that would create it, as the server has it.
    pub statement: String,
    /// As the server prints it; empty without one.
    pub partition_key: String,
    /// `ORDER BY` expressions.
    pub sorting_key: String,
    /// The object's own comment.
    pub comment: String,
    /// The `SELECT` of a view on one line, without this database's name.
    pub body: String,
    /// By position.
    pub columns: Vec<LiveColumn>,
}

/// The objects that were asked for and exist.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LiveSchema {
    /// One entry per object, by name.
    pub objects: Vec<LiveObject>,
}

#[derive(Row, Deserialize)]
struct ObjectRow {
    name: String,
    engine: String,
    engine_full: String,
    statement: String,
    partition_key: String,
    sorting_key: String,
    comment: String,
    body: String,
}

#[derive(Row, Deserialize)]
struct Statements {
    statements: Vec<String>,
}

impl LiveSchema {
    /// Reads the objects of these names; those that do not exist are left out.
    pub async fn read(db: &Db, names: &[&str]) -> Result<LiveSchema> {
        let objects = db.statement(&sql::LIVE_OBJECTS).param("names", names);
        let columns = db.statement(&sql::LIVE_COLUMNS).param("names", names);
        let (objects, columns) =
            tokio::try_join!(objects.fetch_all::<ObjectRow>(), columns.fetch_all::<LiveColumn>())?;
        let columns_of =
            |name: &str| columns.iter().filter(|column| column.object == name).cloned().collect();
        let objects = objects.into_iter().map(|row| LiveObject {
            columns: columns_of(&row.name),
            name: row.name,
            engine: row.engine,
            engine_full: row.engine_full,
            statement: row.statement,
            partition_key: row.partition_key,
            sorting_key: row.sorting_key,
            comment: row.comment,
            body: row.body,
        });
        Ok(LiveSchema { objects: objects.collect() })
    }

    /// Looks an object up by its name.
    pub fn find(&self, name: &str) -> Option<&LiveObject> {
        self.objects.iter().find(|object| object.name == name)
    }
}

impl LiveObject {
    /// Looks a column up by its name.
    pub fn column(&self, name: &str) -> Option<&LiveColumn> {
        self.columns.iter().find(|column| column.name == name)
    }
}

/// Lets the server format the view bodies and default expressions of our own DDL as it formats what it stores, so
/// that equal texts mean equal definitions on every version.
pub async fn normalize(db: &Db, definitions: impl Iterator<Item = &mut Definition>) -> Result<()> {
    let mut texts: Vec<&mut String> = Vec::new();
    for definition in definitions {
        let defaults = definition.columns.iter_mut().map(|column| &mut column.default);
        texts.extend(defaults.chain([&mut definition.body]).filter(|text| !text.is_empty()));
    }
    // An expression becomes a statement by a SELECT before it; a body has one of its own, or a WITH.
    let expression = |text: &str| !text.contains("SELECT");
    let statement =
        |text: &&mut String| if expression(text) { format!("SELECT {text}") } else { (*text).clone() };
    let statements: Vec<String> = texts.iter().map(statement).collect();
    let answer: Statements = db
        .statement(&sql::NORMALIZED)
        .param("statements", &statements)
        .fetch_one()
        .await
        .context("cannot have the server format our own view bodies")?;
    for (text, formatted) in texts.into_iter().zip(answer.statements) {
        let formatted = if expression(text) { formatted.replacen("SELECT ", "", 1) } else { formatted };
        *text = formatted;
    }
    Ok(())
}

#[cfg(test)]
impl LiveObject {
    /// What a server reports right after this definition was created.
    pub(crate) fn created(definition: &Definition) -> LiveObject {
        let engine = if definition.engine.is_empty() { "View" } else { &definition.engine };
        let column = |column: &crate::schema::Column| LiveColumn {
            object: definition.name.clone(),
            name: column.name.clone(),
            column_type: column.column_type.clone(),
            default_kind: if column.default.is_empty() { String::new() } else { "DEFAULT".to_owned() },
            default_expression: column.default.clone(),
            comment: column.comment.clone(),
        };
        LiveObject {
            name: definition.name.clone(),
            engine: engine.split('(').next().unwrap_or_default().to_owned(),
            engine_full: match definition.settings.as_slice() {
                [] => engine.to_owned(),
                settings => {
                    let settings = settings.iter().map(|(name, value)| format!("{name} = {value}"));
                    format!("{engine} SETTINGS {}", settings.collect::<Vec<_>>().join(", "))
                }
            },
            statement: String::new(),
            partition_key: definition.partition_key.clone(),
            sorting_key: definition.sorting_key.clone(),
            comment: definition.comment.clone(),
            body: definition.body.clone(),
            columns: definition.columns.iter().map(column).collect(),
        }
    }
}
