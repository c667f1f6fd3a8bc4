//! Whether the sources can be read. A server trusts the columns that it noted when a view was made; what the view reads
//! may have changed since.

use anyhow::Result;

use crate::db::{Db, QueryError};
use crate::exit::ExitCode;
use crate::schema::diff::{self, Difference, Mend, Severity};
use crate::schema::live::{LiveObject, LiveSchema};
use crate::schema::{SOURCES, SourceView};
use crate::sql::{self, Sql};

/// What keeps refreshes from reading the sources: a column of another name or type, what a view reads no longer there.
pub async fn broken(db: &Db) -> Result<Vec<Difference>> {
    let names: Vec<&str> = SOURCES.iter().map(|source| source.name.as_str()).collect();
    let live = LiveSchema::read(db, &names).await?;
    let mut differences = diff::compare_sources(&live);
    differences.extend(check(db, &live).await?);
    differences.retain(|it| it.severity() == Severity::Error);
    Ok(differences)
}

/// Reads no row of each source, with the columns that refreshes read: what is wrong with them.
pub async fn check(db: &Db, live: &LiveSchema) -> Result<Vec<Difference>> {
    let mut differences = Vec::new();
    for source in SOURCES.iter() {
        let Some(object) = live.find(&source.name) else { continue };
        // A column that is not there, or of another type, has been told of.
        let is_there = |(name, column_type): &&(String, String)| {
            object.column(name).is_some_and(|column| column.column_type == *column_type)
        };
        let columns: Vec<&(String, String)> = source.columns.iter().filter(is_there).collect();
        match read(db, source, &columns).await {
            Ok(()) => differences.extend(changed(db, source, object).await?),
            Err(error) => differences.push(unreadable(source, error)?),
        }
    }
    Ok(differences)
}

async fn read(db: &Db, source: &SourceView, columns: &[&(String, String)]) -> Result<()> {
    let names: Vec<&str> = columns.iter().map(|(name, _)| name.as_str()).collect();
    if names.is_empty() {
        return Ok(());
    }
    let text = sql::SOURCE_READABLE.text.replace("<<columns>>", &names.join(", "));
    let sql = Sql { name: format!("checks/source_readable of {}", source.name).into(), text: text.into() };
    db.statement(&sql).param("source", &source.name).execute().await
}

/// The difference that an error of reading means; other failures stay what they are.
fn unreadable(source: &SourceView, error: anyhow::Error) -> Result<Difference> {
    let Some(query) = error.downcast_ref::<QueryError>() else { return Err(error) };
    if !matches!(query.exit_code(), ExitCode::SchemaMismatch | ExitCode::Failed) || query.code.is_none() {
        return Err(error);
    }
    let column =
        query.column_in_question().filter(|name| source.columns.iter().any(|(known, _)| known == name));
    let object = match column {
        Some(column) => format!("{}.{column}", source.name),
        None => source.name.clone(),
    };
    let what = column.map_or_else(|| "its tables".to_owned(), |column| format!("`{column}` in its tables"));
    let remedy = format!(
        "compare SHOW CREATE TABLE {} with {what}: one of the two has changed; bring it back, or replace the view",
        source.name
    );
    Ok(Difference::new(object, "a source that can be read", query.text().to_owned(), Mend::ByHand(remedy)))
}

/// Columns whose values are converted as they are read, because what the view reads has another type by now.
async fn changed(db: &Db, source: &SourceView, object: &LiveObject) -> Result<Vec<Difference>> {
    if object.body.is_empty() {
        return Ok(Vec::new());
    }
    let text = sql::SOURCE_TYPES.text.replace("<<body>>", &object.body);
    let sql = Sql { name: format!("checks/source_types of {}", source.name).into(), text: text.into() };
    // Views that some server cannot describe have been read: that has to do.
    let given = match db.statement(&sql).fetch_format("TabSeparated").await {
        Ok(given) => String::from_utf8_lossy(&given).into_owned(),
        Err(error) if QueryError::code_of(&error).is_some() => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let difference = |(name, expected): &(String, String)| {
        let mut rows = given.lines().map(|line| line.split('\t'));
        let given = rows.find_map(|mut cells| (cells.next() == Some(name)).then(|| cells.next()))??;
        (given != expected).then(|| converted(source, name, expected, given))
    };
    Ok(source.columns.iter().filter_map(difference).collect())
}

fn converted(source: &SourceView, name: &str, expected: &str, given: &str) -> Difference {
    let object = format!("{}.{name}", source.name);
    let is_text = |column_type: &str| column_type.contains("String");
    if is_text(given) == is_text(expected) {
        let mend = Mend::Nothing(format!(
            "what does not fit {expected} changes silently: have the SELECT of {} give {expected}",
            source.name
        ));
        return Difference::new(object, expected, format!("{given} in the view's SELECT"), mend);
    }
    let remedy = format!("have the SELECT of {} give `{name}` as {expected} again", source.name);
    Difference::new(object, expected, format!("{given} in the view's SELECT"), Mend::ByHand(remedy))
}
