//! SQL that somebody else wrote, answered from some accounts' rows alone.
//!
//! ```text
//! lexer    the first wall: the text itself           tree     the engine's syntax tree, read back
//! parser   the second: kinds, functions, tables      shadow   the third: whose rows the table names stand for
//! run      limits, and errors without quoted rows    refusal  why a statement was not run
//! ```
//!
//! The fourth wall is the server's own: a user that may read nothing else. The embedded engine has
//! three. `readonly` and row filters by setting are no wall: statements can change settings in places that the engine
//! does not check.

mod lexer;
mod parser;
mod refusal;
mod run;
mod shadow;
mod tree;

use anyhow::Result;

use crate::account::AccountId;
use crate::db::Db;
use crate::sql::{self, Sql};

pub use refusal::{Refusal, Wall};
pub use run::{LIMITS, Rows, in_own_words};

/// More rows than any answer has.
const ALL_ROWS: &str = "1000000000000";

/// Whose rows a statement sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Every account's.
    All,
    /// These accounts'.
    Accounts(Vec<AccountId>),
}

impl Scope {
    /// Whether it has this account.
    pub fn has(&self, account: &AccountId) -> bool {
        match self {
            Scope::All => true,
            Scope::Accounts(accounts) => accounts.contains(account),
        }
    }
}

/// The walls that stand. Only tests take one away, to see that each is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Walls {
    /// The text is read first.
    pub lexer: bool,
    /// The engine's syntax tree is walked.
    pub parser: bool,
    /// Table names stand for the scope's rows.
    pub shadow: bool,
}

impl Walls {
    /// All of them.
    pub const ALL: Walls = Walls { lexer: true, parser: true, shadow: true };
}

/// A statement that passed.
#[derive(Debug)]
pub struct Checked {
    text: String,
    tables: Vec<String>,
    scope: Scope,
    is_covered: bool,
}

/// Checks a statement for a scope.
///
/// # Errors
///
/// A [`Refusal`] says which wall refused and why; a statement that the engine cannot parse is an error in its words.
pub async fn check(db: &Db, text: &str, scope: &Scope) -> Result<Checked> {
    check_with(db, text, scope, Walls::ALL).await
}

/// The same with some walls only.
pub async fn check_with(db: &Db, text: &str, scope: &Scope, walls: Walls) -> Result<Checked> {
    let objects: Vec<&str> = shadow::OBJECTS.iter().map(|object| object.name.as_str()).collect();
    let mut defined = Vec::new();
    if walls.lexer {
        let tokens = lexer::read(text)?;
        lexer::check_defined(&tokens, &objects)?;
        defined = lexer::defined_names(&tokens);
    }
    let mut tables = Vec::new();
    if walls.parser {
        tables = parser::check(&parse(db, text).await?, &objects, &defined)?;
    } else {
        tables.extend(objects.iter().map(|&object| object.to_owned()));
    }
    Ok(Checked { text: text.to_owned(), tables, scope: scope.clone(), is_covered: walls.shadow })
}

/// The lines of the engine's syntax tree. Nothing of the statement runs.
async fn parse(db: &Db, text: &str) -> Result<String> {
    let text = sql::GUARD_PARSE.text.replacen("<<statement>>", text, 1);
    let statement = Sql { name: sql::GUARD_PARSE.name.clone(), text: text.into() };
    let lines = db.statement(&statement).once().fetch_format("TabSeparatedRaw").await;
    Ok(String::from_utf8_lossy(&lines.map_err(run::in_words)?).into_owned())
}

impl Checked {
    /// The tables and views that it reads.
    pub fn tables(&self) -> &[String] {
        &self.tables
    }

    /// The statement as somebody else may run it, all rows of it, with its parameters.
    pub fn covered_statement(&self, database: &str) -> (Sql, Vec<(String, String)>) {
        let mut parameters =
            vec![("database", database.to_owned()), ("rows", ALL_ROWS.to_owned()), ("skip", "0".to_owned())];
        if let Scope::Accounts(accounts) = &self.scope {
            // Ids have letters, digits, `_` and `-` only.
            let quoted: Vec<String> = accounts.iter().map(|account| format!("'{account}'")).collect();
            parameters.push(("accounts", format!("[{}]", quoted.join(", "))));
        }
        let parameters = parameters.into_iter().map(|(name, value)| (name.to_owned(), value));
        (self.covered(&sql::GUARD_SHADOW), parameters.collect())
    }

    fn covered(&self, frame: &Sql) -> Sql {
        match self.is_covered {
            true => shadow::cover(frame, &self.text, &self.tables, &self.scope),
            false => Sql { name: frame.name.clone(), text: self.text.clone().into() },
        }
    }
}
