//! The embedded catalogue: the explicit list of every file in `sql/`, and the composition of shared fragments.
//!
//! A file holds one statement and is named after its object. A line `--# include fragments/x.sql` stands for
//! the text of `sql/refresh/fragments/x.sql`.

use std::borrow::Cow;

/// A statement with its name in the catalogue.
#[derive(Clone, Debug)]
pub struct Sql {
    /// Path below `sql/` without the ending, such as `views/ai_flow_recent`.
    pub name: Cow<'static, str>,
    /// The statement's text.
    pub text: Cow<'static, str>,
}

macro_rules! embed {
    ($($part:literal)+) => {
        $crate::sql::Sql {
            name: std::borrow::Cow::Borrowed(concat!($($part),+)),
            text: std::borrow::Cow::Borrowed(include_str!(concat!("../sql/", $($part,)+ ".sql"))),
        }
    };
}
pub(crate) use embed;

impl Sql {
    /// The last part of the name: the object that the file is about.
    pub fn object(&self) -> &str {
        self.name.rsplit('/').next().unwrap_or(&self.name)
    }

    /// Splices the included fragments into the text.
    pub fn composed(&self) -> Sql {
        Sql { name: self.name.clone(), text: splice(&self.text).into() }
    }
}

const INCLUDE: &str = "--# include fragments/";

fn splice(text: &str) -> String {
    let mut lines = Vec::new();
    for line in text.lines() {
        match line.trim_start().strip_prefix(INCLUDE) {
            Some(file) => lines.push(splice(&fragment(file.trim()).text)),
            None => lines.push(line.to_owned()),
        }
    }
    lines.join("\n")
}

fn fragment(file: &str) -> &'static Sql {
    let name = file.trim_end_matches(".sql");
    let found = FRAGMENTS.iter().find(|fragment| fragment.object() == name);
    found.unwrap_or_else(|| panic!("sql/refresh/fragments/{file} is not in the catalogue"))
}

/// Columns of the source views, as production has them: view, position, column, type.
pub const SOURCE_CONTRACT: &str = include_str!("../sql/sources.tsv");
/// Fills a staging table; `schema` puts columns and rows into its slots.
pub static STAGE: Sql = embed!("refresh/stage");
/// Settings that the server knows.
pub static KNOWN_SETTINGS: Sql = embed!("internal/known_settings");
/// Version and database of the server.
pub static SERVER_FACTS: Sql = embed!("internal/server_facts");
/// Creates the embedded engine's database.
pub static CREATE_DATABASE: Sql = embed!("internal/create_database");
/// Stops a query.
pub static KILL_QUERY: Sql = embed!("internal/kill_query");
/// The run log.
pub static REFRESH_LOG: Sql = embed!("internal/ai_refresh_log");
/// The migration ledger.
pub static SCHEMA_LEDGER: Sql = embed!("internal/ai_schema_ledger");

/// Texts that refreshes share.
static FRAGMENTS: [Sql; 0] = [];
