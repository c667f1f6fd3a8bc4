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
/// Columns of the tables and views that production's readers know: object, kind, position, column, type.
pub const CONTRACT: &str = include_str!("../sql/contract.tsv");
/// Tables and views that exist.
pub static LIVE_OBJECTS: Sql = embed!("internal/live_objects");
/// Their columns.
pub static LIVE_COLUMNS: Sql = embed!("internal/live_columns");
/// Statements in the server's own formatting.
pub static NORMALIZED: Sql = embed!("internal/normalized");
/// Applied migrations.
pub static LEDGER_ENTRIES: Sql = embed!("internal/ledger_entries");
/// Records an applied migration.
pub static RECORD_STEP: Sql = embed!("internal/record_step");
/// Corrects comments.
pub static SET_COMMENTS: Sql = embed!("internal/set_comments");
/// Partitions of our tables.
pub static PARTITION_COUNTS: Sql = embed!("internal/partition_counts");
/// Rows that must not be there; `verify` puts table and columns into its slots.
pub static INVARIANTS: Sql = embed!("checks/invariants");
/// Ranges of accounts that a rebuild copies at once.
pub static REBUILD_RANGES: Sql = embed!("internal/rebuild_ranges");
/// Copies one of them.
pub static REBUILD_COPY: Sql = embed!("internal/rebuild_copy");
/// What the newest row of each key in a range is.
pub static NEWEST_FINGERPRINT: Sql = embed!("internal/newest_fingerprint");
/// What all rows in a range are.
pub static STORED_FINGERPRINT: Sql = embed!("internal/stored_fingerprint");
/// Rows of a table.
pub static ROW_COUNT: Sql = embed!("internal/row_count");
/// Tables whose name begins so.
pub static TABLES_BY_PREFIX: Sql = embed!("internal/tables_by_prefix");
/// Renames a table.
pub static RENAME_TABLE: Sql = embed!("internal/rename_table");
/// Exchanges two tables.
pub static EXCHANGE_TABLES: Sql = embed!("internal/exchange_tables");
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
