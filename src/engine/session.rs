//! Statements the engine's face runs on its own account. Values go as parameters, never into the text.

use super::exception::Exception;
use super::libchdb::{Connection, Output, Statement};
use super::{Identity, MAIN_DATABASE};

/// The first statements of the process.
pub fn start(connection: &mut Connection) -> Result<Identity, Exception> {
    create_main_database(connection)?;
    let output = run(connection, "SELECT version(), timezone(), hostName()", &[])?;
    let text = String::from_utf8_lossy(output.bytes());
    let mut columns = text.trim_end().split('\t').map(str::to_owned);
    let mut next = || columns.next().unwrap_or_default();
    Ok(Identity { version: next(), timezone: next(), host: next() })
}

/// Makes `database` the current one.
pub fn use_database(connection: &mut Connection, database: &str) -> Result<(), Exception> {
    if !matches!(database, "" | "default") {
        return run(connection, "USE {name:Identifier}", &[database]).map(drop);
    }
    let used = run(connection, "USE {name:Identifier}", &[MAIN_DATABASE]);
    if used.is_ok() {
        return Ok(());
    }
    // Somebody has dropped it; without it not even CREATE DATABASE would be served.
    create_main_database(connection)?;
    run(connection, "USE {name:Identifier}", &[MAIN_DATABASE]).map(drop)
}

fn create_main_database(connection: &mut Connection) -> Result<(), Exception> {
    let sql = "CREATE DATABASE IF NOT EXISTS {name:Identifier} ENGINE = Atomic";
    run(connection, sql, &[MAIN_DATABASE]).map(drop)
}

/// Gives up all rights but those of a reader. Only what may SET takes them back, and `readonly` forbids that.
pub fn become_reader(connection: &mut Connection) -> Result<(), Exception> {
    run(connection, "SET ROLE reader", &[]).map(drop)
}

/// Applies settings in one statement. A name cannot be a parameter, so it must be a plain word first.
pub fn set(connection: &mut Connection, settings: &[(String, String)]) -> Result<(), Exception> {
    if settings.is_empty() {
        return Ok(());
    }
    let mut sql = "SET ".to_owned();
    let mut parameters = Vec::new();
    for (position, (name, value)) in settings.iter().enumerate() {
        check_setting_name(name)?;
        let comma = if position == 0 { "" } else { ", " };
        sql.push_str(&format!("{comma}{name} = {{value{position}:String}}"));
        parameters.push((format!("value{position}"), escape(value)));
    }
    run_with(connection, &sql, &parameters).map(drop)
}

/// Takes settings back to their defaults.
pub fn reset(connection: &mut Connection, names: &[String]) -> Result<(), Exception> {
    if names.is_empty() {
        return Ok(());
    }
    names.iter().try_for_each(|name| check_setting_name(name))?;
    let assignments: Vec<String> = names.iter().map(|name| format!("{name} = DEFAULT")).collect();
    run_with(connection, &format!("SET {}", assignments.join(", ")), &[]).map(drop)
}

/// Ends the statements that carry this tag.
pub fn kill(connection: &mut Connection, tag: &str) -> Result<(), Exception> {
    run(connection, "KILL QUERY WHERE Settings['log_comment'] = {name:String} ASYNC", &[tag]).map(drop)
}

/// Ends all statements.
pub fn kill_all(connection: &mut Connection) -> Result<(), Exception> {
    run(connection, "KILL QUERY WHERE NOT startsWith(query, 'KILL') ASYNC", &[]).map(drop)
}

fn check_setting_name(name: &str) -> Result<(), Exception> {
    let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if plain && name.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic()) {
        return Ok(());
    }
    Err(Exception::new(115, "UNKNOWN_SETTING", format!("Unknown setting {name:?}")))
}

/// Query parameters are read as escaped TSV.
pub fn escape(value: &str) -> String {
    let mut escaped = String::with_capacity(value.len());
    for character in value.chars() {
        match character {
            '\\' => escaped.push_str("\\\\"),
            '\t' => escaped.push_str("\\t"),
            '\n' => escaped.push_str("\\n"),
            other => escaped.push(other),
        }
    }
    escaped
}

fn run(connection: &mut Connection, sql: &str, name: &[&str]) -> Result<Output, Exception> {
    let parameters: Vec<_> = name.iter().map(|value| ("name".to_owned(), escape(value))).collect();
    run_with(connection, sql, &parameters)
}

fn run_with(
    connection: &mut Connection,
    sql: &str,
    parameters: &[(String, String)],
) -> Result<Output, Exception> {
    connection.query(&Statement { sql: sql.as_bytes(), format: "TSV", parameters })
}
