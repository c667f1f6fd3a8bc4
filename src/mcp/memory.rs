//! What is kept between conversations: what people told about accounts, and their own questions.

use anyhow::{Context, Result, ensure};
use clickhouse::Row;
use serde::{Deserialize, Serialize};

use crate::account::AccountId;
use crate::db::codes;
use crate::db::{Db, QueryError};
use crate::question::{Currency, store};
use crate::sql;

/// The longest note, in characters.
pub const LONGEST_NOTE: usize = 500;
/// The code of a table that is not there: nothing was remembered before the first migration of this version.
const UNKNOWN_TABLE: Option<u32> = Some(codes::UNKNOWN_TABLE);

/// Something that somebody told.
#[derive(Clone, Debug, Row, Serialize, Deserialize)]
pub struct Note {
    /// The account.
    pub klaviyo_public_id: String,
    /// `store_name`, `currency` or `note`.
    pub kind: String,
    /// What was told.
    pub text: String,
    /// The day it was told.
    pub noted_on: String,
}

/// A question of a caller's own.
#[derive(Clone, Debug, Row, Serialize, Deserialize)]
pub struct SavedQuestion {
    /// The token's name.
    pub owner: String,
    /// The question's name.
    pub name: String,
    /// In words.
    pub question: String,
    /// The statement, which is guarded each time that it is asked.
    pub statement: String,
}

/// What is remembered about accounts.
pub async fn notes(db: &Db, accounts: &[AccountId]) -> Result<Vec<Note>> {
    let notes = db
        .statement(&sql::NOTES_OF)
        .param("accounts", accounts)
        .giving_up_on(codes::UNKNOWN_TABLE)
        .fetch_all()
        .await;
    or_nothing(notes)
}

/// What somebody tells, checked: a currency by its code.
pub fn told(
    store_name: Option<&str>,
    currency: Option<&str>,
    note: Option<&str>,
) -> Result<Vec<(&'static str, String)>> {
    let mut told = Vec::new();
    told.extend(store_name.map(|name| (store::STORE_NAME, name.trim().to_owned())));
    if let Some(code) = currency {
        let known = Currency::from_code(code.trim());
        let known = known.with_context(|| {
            format!("`{}` is no currency: give its ISO 4217 code, such as EUR", code.escape_default())
        })?;
        told.push((store::CURRENCY, known.code().to_owned()));
    }
    told.extend(note.map(|note| ("note", note.trim().to_owned())));
    for (_, text) in &told {
        let fits = (1..=LONGEST_NOTE).contains(&text.chars().count());
        ensure!(fits, "a note has 1 to {LONGEST_NOTE} characters");
    }
    Ok(told)
}

/// Takes away what was told about an account.
pub async fn forget(db: &Db, account: &AccountId) -> Result<()> {
    db.statement(&sql::FORGET_NOTES).param("account", account).writing().execute().await
}

/// Keeps what was told. A name or currency takes the place of the former one.
pub async fn remember(db: &Db, account: &AccountId, told_by: &str, told: &[(&str, String)]) -> Result<()> {
    for (kind, text) in told {
        let note_key = if *kind == "note" { text.as_str() } else { "" };
        let statement = db.statement(&sql::REMEMBER).param("account", account).param("kind", kind);
        let statement = statement.param("note_key", note_key).param("text", text).param("told_by", told_by);
        statement.writing().execute().await?;
    }
    Ok(())
}

/// The questions of a caller.
pub async fn saved_questions(db: &Db, owner: &str) -> Result<Vec<SavedQuestion>> {
    or_nothing(
        db.statement(&sql::SAVED_OF)
            .param("owner", owner)
            .giving_up_on(codes::UNKNOWN_TABLE)
            .fetch_all()
            .await,
    )
}

/// Keeps a question; the same name again takes its place.
pub async fn save(db: &Db, question: SavedQuestion) -> Result<()> {
    let statement = db.statement(&sql::SAVE).param("owner", question.owner).param("name", question.name);
    statement
        .param("question", question.question)
        .param("statement", question.statement)
        .writing()
        .execute()
        .await
}

fn or_nothing<T>(rows: Result<Vec<T>>) -> Result<Vec<T>> {
    match rows {
        Err(error) if QueryError::code_of(&error) == UNKNOWN_TABLE => Ok(Vec::new()),
        rows => rows,
    }
}
