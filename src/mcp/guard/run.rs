//! Running a checked statement: within limits, and without the engine's own words where these could quote a row.

use anyhow::{Result, anyhow};

use super::{Checked, Scope};
use crate::db::codes;
use crate::db::{Db, QueryError, Statement};
use crate::exit::stop::Stop;
use crate::question::Answer;
use crate::sql::{self, Sql};

/// Settings of a guarded statement where nobody forbids to set them.
pub const LIMITS: &[(&str, &str)] = &[
    ("readonly", "1"),
    ("max_execution_time", "30"),
    ("max_memory_usage", "1000000000"),
    ("max_result_bytes", "50000000"),
    ("function_range_max_elements_in_block", "10000000"),
    ("join_use_nulls", "0"),
];
/// Settings from strict on: a user's profile may forbid to change some, or any.
pub(super) const SETTINGS: &[&[(&str, &str)]] =
    &[LIMITS, &[("max_execution_time", "30"), ("join_use_nulls", "0")]];
/// Codes whose text speaks of the statement, not of a row's value: syntax, names, types, numbers of arguments.
const ABOUT_THE_STATEMENT: &[u32] = &[
    codes::UNSUPPORTED_METHOD,
    codes::THERE_IS_NO_COLUMN,
    codes::NOT_FOUND_COLUMN_IN_BLOCK,
    codes::TOO_MANY_ARGUMENTS_FOR_FUNCTION,
    codes::TOO_FEW_ARGUMENTS_FOR_FUNCTION,
    codes::NUMBER_OF_ARGUMENTS_DOESNT_MATCH,
    codes::ILLEGAL_TYPE_OF_ARGUMENT,
    codes::ILLEGAL_COLUMN,
    codes::UNKNOWN_FUNCTION,
    codes::UNKNOWN_IDENTIFIER,
    codes::NOT_IMPLEMENTED,
    codes::ILLEGAL_TYPE_OF_COLUMN_FOR_FILTER,
    codes::UNKNOWN_TABLE,
    codes::SYNTAX_ERROR,
    codes::ILLEGAL_AGGREGATION,
    codes::AMBIGUOUS_IDENTIFIER,
    codes::NOT_AN_AGGREGATE,
    codes::AMBIGUOUS_COLUMN_NAME,
    codes::NO_COMMON_TYPE,
    codes::INVALID_JOIN_ON_EXPRESSION,
];
/// The longest text of the engine that is passed on.
const LONGEST_TEXT: usize = 300;

/// The rows of a statement, as far as they were asked for.
#[derive(Debug)]
pub struct Rows {
    /// Columns and cells.
    pub answer: Answer,
    /// How many rows there are in all, where they were cut.
    pub of: Option<u64>,
}

impl Checked {
    /// Runs the statement for at most `limit` rows after the first `skip`. It is killed when the stop is asked for.
    pub async fn run(&self, db: &Db, limit: usize, skip: usize, stop: &Stop) -> Result<Rows> {
        let statement = self.statement(db, &sql::GUARD_SHADOW).until(stop);
        let statement = statement.param("rows", limit + 1).param("skip", skip);
        let mut answer = Answer::of_statement(&statement.fetch_within(SETTINGS).await.map_err(in_words)?)?;
        if answer.rows.len() <= limit && skip == 0 {
            return Ok(Rows { answer, of: None });
        }
        answer.rows.truncate(limit);
        let count = self
            .statement(db, &sql::GUARD_COUNT)
            .until(stop)
            .fetch_within(SETTINGS)
            .await
            .map_err(in_words)?;
        let of = Answer::of_statement(&count)?.number(0, "row_count").map(|count| count as u64);
        Ok(Rows { answer, of })
    }

    fn statement<'db>(&self, db: &'db Db, frame: &Sql) -> Statement<'db> {
        let statement = db.statement(&self.covered(frame)).param("database", db.database()).once();
        match &self.scope {
            Scope::All => statement,
            Scope::Accounts(accounts) => statement.param("accounts", accounts),
        }
    }
}

/// What a failed statement is told as. The engine's text is passed on only where it cannot quote a value of a row.
pub(super) fn in_words(error: anyhow::Error) -> anyhow::Error {
    let Some(query) = error.downcast_ref::<QueryError>() else { return error };
    let Some(code) = query.code else { return error };
    anyhow!("{}", in_own_words(code, query.text()))
}

/// The same of an error by its code and text.
pub fn in_own_words(code: u32, text: &str) -> String {
    match code {
        codes::TIMEOUT_EXCEEDED => "the statement took more than 30 s: ask for fewer days or rows".to_owned(),
        codes::MEMORY_LIMIT_EXCEEDED => {
            "the statement needs too much memory: ask for fewer rows, or group earlier".to_owned()
        }
        codes::TOO_MANY_BYTES | codes::TOO_MANY_ROWS_OR_BYTES => {
            "the answer is too large: ask for fewer rows or columns".to_owned()
        }
        codes::ACCESS_DENIED | codes::READONLY => {
            "the user of the server that runs statements may not do this: name tables and columns of `describe`".to_owned()
        }
        code if ABOUT_THE_STATEMENT.contains(&code) => about_the_statement(text),
        code => {
            format!(
                "a value made the statement fail (ClickHouse's code {code}): check casts, divisions and types"
            )
        }
    }
}

/// The engine's first sentence: what follows repeats the statement as it was rewritten.
fn about_the_statement(text: &str) -> String {
    let text = text.split_once("DB::Exception: ").map_or(text, |(_, text)| text);
    let ends = [
        " In scope ",
        ": In scope ",
        ": while ",
        ": While ",
        " (version ",
        " Expected one of",
        "__exception__",
    ];
    let end = ends.iter().filter_map(|end| text.find(end)).min().unwrap_or(text.len());
    let cut: String = text[..end].chars().take(LONGEST_TEXT).collect();
    crate::output::printable(cut.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rewritten_statement_is_not_repeated() {
        let text = "bad response: Code: 47. DB::Exception: Unknown expression identifier `x` in scope SELECT x. In scope \
                    WITH a AS (SELECT 'CANARY') SELECT x. (UNKNOWN_IDENTIFIER) (version 26.7.2.1 (official build))";
        assert_eq!(about_the_statement(text), "Unknown expression identifier `x` in scope SELECT x.");
    }
}
