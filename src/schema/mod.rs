//! What the database should look like: the summary tables and helper views, read from their own DDL.

pub mod capacity;
pub mod diff;
pub mod grants;
pub mod ledger;
pub mod live;
pub mod migrate;
pub mod preflight;
pub mod source_reading;
pub mod topology;
pub mod trouble;
pub mod verify;

use std::sync::LazyLock;

use crate::sql::{self, Sql};

/// The calendar unit of a summary table's rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grain {
    /// A row is dated by `date`.
    Daily,
    /// A row is dated by `week_start_date`, a Monday.
    Weekly,
}

impl Grain {
    /// The column that dates a row.
    pub fn date_column(self) -> &'static str {
        match self {
            Grain::Daily => "date",
            Grain::Weekly => "week_start_date",
        }
    }
}

/// A summary table with all that belongs to it.
#[derive(Debug)]
pub struct SummaryTable {
    /// The table's name.
    pub name: &'static str,
    /// What dates its rows.
    pub grain: Grain,
    /// `CREATE TABLE`.
    pub ddl: Sql,
    /// The `SELECT` of the window's new rows.
    pub refresh: Sql,
    /// The sources that it reads from a snapshot. The others are one table's alone and are read where they are.
    pub snapshots: &'static [&'static SourceSnapshot],
}

/// The engine of copies that one server alone sees: gone when it starts again.
const IN_MEMORY: &str = "Memory";

/// Whether copies beside summary tables of this engine are lost when the server starts again.
pub fn copies_are_in_memory(summary_engine: &str) -> bool {
    copy_engine(summary_engine) == IN_MEMORY
}

fn copy_engine(summary_engine: &str) -> &'static str {
    match summary_engine {
        replicated if replicated.starts_with("Replicated") => "ReplicatedMergeTree ORDER BY tuple()",
        shared if shared.starts_with("Shared") => "SharedMergeTree ORDER BY tuple()",
        _ => IN_MEMORY,
    }
}

/// A source that several tables are computed from: copied once per batch, for all of them.
#[derive(Debug)]
pub struct SourceSnapshot {
    /// The parameter that names the copy in the statements of the tables.
    pub name: &'static str,
    /// Makes the copy.
    pub create: Sql,
}

impl SourceSnapshot {
    /// Makes the copy beside a summary table of this engine: where several servers answer, all of them must see it.
    pub fn create_beside(&self, summary_engine: &str) -> Sql {
        let text = self.create.composed().text.replace("<<engine>>", copy_engine(summary_engine));
        Sql { name: self.create.name.clone(), text: text.into() }
    }
}

/// The copy of the campaign source.
pub static CAMPAIGN_SOURCE: SourceSnapshot =
    SourceSnapshot { name: "campaign_source", create: sql::embed!("refresh/campaign_source") };
/// The copy of the flow source.
pub static FLOW_SOURCE: SourceSnapshot =
    SourceSnapshot { name: "flow_source", create: sql::embed!("refresh/flow_source") };

/// A column as the DDL states it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Name.
    pub name: String,
    /// Type as ClickHouse prints it.
    pub column_type: String,
    /// `DEFAULT` expression, or empty.
    pub default: String,
    /// What a reader is told about it.
    pub comment: String,
}

/// A table or view as its DDL states it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Definition {
    /// Name of the table or view.
    pub name: String,
    /// Columns in order.
    pub columns: Vec<Column>,
    /// The object's own comment.
    pub comment: String,
    /// Table engine with its arguments; empty for a view.
    pub engine: String,
    /// `PARTITION BY` expression; empty for a view.
    pub partition_key: String,
    /// `ORDER BY` expressions, comma and space between; empty for a view.
    pub sorting_key: String,
    /// Settings of the table, each with its value: that exit code 0 means that the rows are on the disk.
    pub settings: Vec<(String, String)>,
    /// The `SELECT` of a view; empty for a table.
    pub body: String,
}

impl Definition {
    /// Reads a DDL file of ours: `(` and `)` of the column list stand alone at a line's start, the clauses after it
    /// each on a line of their own. Panics on any other layout, which a test meets before a user does.
    pub fn parse(ddl: &Sql) -> Definition {
        // A view's comment stands behind its SELECT, where older servers want it.
        let (head, body, view_comment) = match ddl.text.split_once("\nAS\n") {
            Some((head, select)) => match select.trim().rsplit_once("\nCOMMENT ") {
                Some((body, comment)) => (head, body.trim().to_owned(), unquote(comment)),
                None => panic!("{}: no comment behind the SELECT", ddl.name),
            },
            None => (ddl.text.as_ref(), String::new(), String::new()),
        };
        let (columns, tail) = head
            .split_once("\n(\n")
            .and_then(|(_, rest)| rest.split_once("\n)"))
            .unwrap_or_else(|| panic!("{}: no column list", ddl.name));
        let clause =
            |keyword: &str| tail.lines().find_map(|line| line.trim().strip_prefix(keyword)).map(str::trim);
        Definition {
            name: ddl.object().to_owned(),
            columns: split_at_commas(columns).iter().map(|column| parse_column(column)).collect(),
            comment: clause("COMMENT ").map_or(view_comment, unquote),
            engine: clause("ENGINE = ").unwrap_or_default().to_owned(),
            partition_key: clause("PARTITION BY ").unwrap_or_default().to_owned(),
            sorting_key: clause("ORDER BY ").unwrap_or_default().trim_matches(['(', ')']).to_owned(),
            settings: clause("SETTINGS ").map_or_else(Vec::new, assignments),
            body,
        }
    }

    /// The columns that production's readers know, `updated_at` the last of them; additive ones stand behind it.
    pub fn contract_columns(&self) -> &[Column] {
        let last = self.columns.iter().position(|column| column.name == "updated_at");
        &self.columns[..last.map_or(self.columns.len(), |index| index + 1)]
    }

    /// Column names, comma and space between, for an explicit column list.
    pub fn column_list(&self) -> String {
        let names: Vec<&str> = self.columns.iter().map(|column| column.name.as_str()).collect();
        names.join(", ")
    }
}

/// Reads `name = value, name = value`.
pub fn assignments(text: &str) -> Vec<(String, String)> {
    let pairs = text.split(", ").filter_map(|assignment| assignment.split_once(" = "));
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// Splits at the commas outside quotes and parentheses, and folds white space outside quotes.
fn split_at_commas(text: &str) -> Vec<String> {
    let (mut parts, mut depth, mut quoted) = (vec![String::new()], 0, false);
    for letter in text.chars() {
        if letter == '\'' {
            quoted = !quoted;
        }
        match letter {
            '(' if !quoted => depth += 1,
            ')' if !quoted => depth -= 1,
            _ => {}
        }
        let part = parts.last_mut().expect("never empty");
        if letter == ',' && !quoted && depth == 0 {
            parts.push(String::new());
        } else if letter.is_whitespace() && !quoted {
            if !part.is_empty() && !part.ends_with(' ') {
                part.push(' ');
            }
        } else {
            part.push(letter);
        }
    }
    parts
}

/// Reads `name Type [DEFAULT expression] [COMMENT 'text']`.
fn parse_column(text: &str) -> Column {
    let (declaration, comment) = text.split_once(" COMMENT ").unwrap_or((text, "''"));
    let (name, rest) = declaration.split_once(' ').unwrap_or_else(|| panic!("not a column: {text}"));
    let (column_type, default) = rest.split_once(" DEFAULT ").unwrap_or((rest, ""));
    Column {
        name: name.to_owned(),
        column_type: column_type.trim().to_owned(),
        default: default.trim().to_owned(),
        comment: unquote(comment),
    }
}

fn unquote(literal: &str) -> String {
    literal.trim().trim_start_matches('\'').trim_end_matches('\'').replace("''", "'")
}

/// How closely an audit looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Care {
    /// Counts rows and short hashes of keys: objects to all that is wrong, and now and then to what is not.
    Quick,
    /// Compares key by key, at many times the price.
    Exact,
}

impl SummaryTable {
    /// The table as its DDL states it.
    pub fn definition(&self) -> Definition {
        Definition::parse(&self.ddl)
    }

    /// The `INSERT` that fills a staging table: the window's new rows and the kept history in one statement.
    pub fn stage(&self) -> Sql {
        let text = sql::STAGE
            .text
            .replace("<<columns>>", &self.definition().column_list())
            .replace("<<date_column>>", self.grain.date_column())
            .replace("<<rows>>", &self.refresh.composed().text);
        Sql { name: format!("stage/{}", self.name).into(), text: text.into() }
    }

    /// Counts what the table holds now: its keys, or its rows, which are as many or more.
    pub fn present(&self, care: Care) -> Sql {
        let (count, counted) = match care {
            Care::Quick => ("count", format!("t.{}", self.grain.date_column())),
            Care::Exact => ("uniqExact", format!("sipHash128({})", self.key("t"))),
        };
        let text = sql::PRESENT
            .text
            .replace("<<count>>", count)
            .replace("<<counted>>", &counted)
            .replace("<<date_column>>", self.grain.date_column());
        Sql { name: format!("present/{}", self.name).into(), text: text.into() }
    }

    /// Audits what a staging table of this table holds.
    pub fn audit(&self, care: Care) -> Sql {
        let columns = self.definition().columns;
        let floats = columns.iter().filter(|column| column.column_type.starts_with("Float"));
        let all_finite: Vec<String> = floats.map(|column| format!("isFinite(s.{})", column.name)).collect();
        let all_finite = if all_finite.is_empty() { "true".to_owned() } else { all_finite.join(" AND ") };
        let key = match care {
            Care::Quick => format!("cityHash64({})", self.key("s")),
            Care::Exact => self.key("s"),
        };
        let text = sql::STAGED
            .text
            .replace("<<key>>", &key)
            .replace("<<date_column>>", self.grain.date_column())
            .replace("<<all_finite>>", &all_finite);
        Sql { name: format!("staged/{}", self.name).into(), text: text.into() }
    }

    /// Finds what does not fit its column, where the refresh narrows anything: the same rows, with each checked cast
    /// widened.
    pub fn overflow(&self) -> Option<Sql> {
        let rows = self.refresh.composed();
        let narrowed: Vec<Narrowed> = rows.text.lines().filter_map(Narrowed::read).collect();
        if narrowed.is_empty() {
            return None;
        }
        let widened = |text: String, line: &Narrowed| text.replace(line.text, &line.widened());
        let widened = narrowed.iter().fold(rows.text.to_string(), widened);
        let largest: Vec<String> = narrowed.iter().map(Narrowed::largest).collect();
        let text = sql::OVERFLOW
            .text
            .replace("<<largest>>", &largest.join(",\n            "))
            .replace("<<rows>>", widened.trim_end());
        Some(Sql { name: format!("overflow/{}", self.name).into(), text: text.into() })
    }

    /// The columns that identify a row, of the table that this alias stands for.
    fn key(&self, alias: &str) -> String {
        let definition = self.definition();
        let key: Vec<String> =
            definition.sorting_key.split(", ").map(|column| format!("{alias}.{column}")).collect();
        key.join(", ")
    }

    /// Looks a table up by its name.
    pub fn find(name: &str) -> Option<&'static SummaryTable> {
        TABLES.iter().find(|table| table.name == name)
    }
}

/// A line of a refresh that narrows a value to a column: `accurateCast(value, 'UInt32') AS column,`.
struct Narrowed<'text> {
    text: &'text str,
    bits: u32,
    column: &'text str,
}

impl Narrowed<'_> {
    fn read(line: &str) -> Option<Narrowed<'_>> {
        let text = line.trim().trim_end_matches(',');
        let (_, target) = text.strip_prefix("accurateCast(")?.rsplit_once(", 'UInt")?;
        let (bits, column) = target.split_once("') AS ")?;
        Some(Narrowed { text, bits: bits.parse().ok()?, column })
    }

    /// The same without a limit that a sum could meet.
    fn widened(&self) -> String {
        self.text.replace(&format!("'UInt{}'", self.bits), "'UInt64'")
    }

    /// The column, its largest value, and the largest that it can hold.
    fn largest(&self) -> String {
        let Narrowed { column, bits, .. } = self;
        format!("('{column}', max(r.{column}), toUInt64({}))", (1_u64 << bits) - 1)
    }
}

macro_rules! summary_table {
    ($name:literal, $grain:ident, $snapshots:expr) => {
        SummaryTable {
            name: $name,
            grain: Grain::$grain,
            ddl: sql::embed!("tables/" $name),
            refresh: sql::embed!("refresh/" $name),
            snapshots: $snapshots,
        }
    };
}

/// The summary tables in the order of publishing: the five daily ones, then the two rollups.
pub static TABLES: [SummaryTable; 7] = [
    summary_table!("campaign_ai_summary", Daily, &[&CAMPAIGN_SOURCE]),
    summary_table!("flow_ai_summary", Daily, &[&FLOW_SOURCE]),
    summary_table!("channel_performance_daily", Daily, &[&CAMPAIGN_SOURCE, &FLOW_SOURCE]),
    summary_table!("segment_ai_trends", Daily, &[]),
    summary_table!("form_ai_performance", Daily, &[]),
    summary_table!("campaign_weekly_rollup", Weekly, &[&CAMPAIGN_SOURCE]),
    summary_table!("flow_weekly_rollup", Weekly, &[&FLOW_SOURCE]),
];

/// The helper views.
pub static VIEWS: [Sql; 8] = [
    sql::embed!("views/ai_best_performers"),
    sql::embed!("views/ai_campaign_recent"),
    sql::embed!("views/ai_campaign_weekly"),
    sql::embed!("views/ai_channel_comparison"),
    sql::embed!("views/ai_day_of_week_patterns"),
    sql::embed!("views/ai_flow_recent"),
    sql::embed!("views/ai_flow_weekly"),
    sql::embed!("views/ai_historical_baseline"),
];

/// The tables of the outlook: what `populate` appends after a refresh. None is swapped, each forgets by itself.
pub static OUTLOOK_TABLES: [Sql; 6] = [
    sql::embed!("outlook/ai_revenue_forecast"),
    sql::embed!("outlook/ai_revenue_landing"),
    sql::embed!("outlook/ai_revenue_vintage"),
    sql::embed!("outlook/ai_forecast_accuracy"),
    sql::embed!("outlook/ai_model_registry"),
    sql::embed!("outlook/ai_anomaly_events"),
];

/// The views over them.
pub static OUTLOOK_VIEWS: [Sql; 1] = [sql::embed!("outlook/ai_revenue_outlook")];

/// The tables of the chatbot's door: its log, what people told, and their questions.
pub static CHAT_TABLES: [&Sql; 3] = [&sql::CHAT_LOG, &sql::NOTES, &sql::SAVED_QUESTIONS];

/// The views over its log. They show everybody's use: for operators and their dashboards, never for a chatbot.
pub static CHAT_VIEWS: [Sql; 2] =
    [sql::embed!("chat/ai_usage_daily"), sql::embed!("chat/ai_model_performance")];

/// Every view that migrate makes.
pub fn all_views() -> impl Iterator<Item = &'static Sql> {
    VIEWS.iter().chain(&OUTLOOK_VIEWS).chain(&CHAT_VIEWS)
}

/// The tables of the alerts: what is told, and what is not to be told for some days.
pub static ALERT_TABLES: [Sql; 2] =
    [sql::embed!("alert/ai_alert_outbox"), sql::embed!("alert/ai_alert_mutes")];

/// The tables beside the summary tables whose rows go with an account, but for those of the door.
pub fn beside_of_accounts() -> impl Iterator<Item = &'static str> {
    outlook_of_accounts().chain(ALERT_TABLES.iter().map(Sql::object))
}

/// The tables of the outlook whose rows belong to an account.
pub fn outlook_of_accounts() -> impl Iterator<Item = &'static str> {
    let of_account = |ddl: &&Sql| ddl.text.contains("\n    klaviyo_public_id ");
    OUTLOOK_TABLES.iter().filter(of_account).map(Sql::object)
}

/// The table that is kept for the forecast alone.
const YOUNG_REVENUE: &str = "ai_revenue_vintage";

/// The tables and views of the outlook that people and chatbots read.
pub fn outlook_to_read() -> impl Iterator<Item = &'static Sql> {
    let is_read =
        |ddl: &&Sql| outlook_of_accounts().any(|name| name == ddl.object() && name != YOUNG_REVENUE);
    OUTLOOK_TABLES.iter().filter(is_read).chain(&OUTLOOK_VIEWS)
}

/// The tables whose rows belong to an account and are read by others: each needs a row policy.
pub fn tables_to_read() -> impl Iterator<Item = &'static str> {
    let outlook =
        outlook_to_read().map(Sql::object).filter(|name| outlook_of_accounts().any(|table| table == *name));
    TABLES.iter().map(|table| table.name).chain(outlook)
}

/// A source view and what it must offer.
#[derive(Debug)]
pub struct SourceView {
    /// The view's name.
    pub name: String,
    /// Its columns with their types, in the production order.
    pub columns: Vec<(String, String)>,
}

/// The four source views that a refresh reads, as production has them.
pub static SOURCES: LazyLock<Vec<SourceView>> = LazyLock::new(|| {
    let mut sources: Vec<SourceView> = Vec::new();
    for line in sql::SOURCE_CONTRACT.lines().skip(1) {
        let fields: Vec<&str> = line.split('\t').collect();
        let [view, _, column, column_type] = fields[..] else { panic!("sql/sources.tsv: {line}") };
        if sources.last().is_none_or(|source| source.name != view) {
            sources.push(SourceView { name: view.to_owned(), columns: Vec::new() });
        }
        if let Some(source) = sources.last_mut() {
            source.columns.push((column.to_owned(), column_type.to_owned()));
        }
    }
    sources
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_may_read_every_table_and_view() {
        let tables = TABLES.iter().map(|table| table.name);
        let objects = tables.chain(VIEWS.iter().map(Sql::object)).chain(outlook_to_read().map(Sql::object));
        assert_eq!(objects.collect::<Vec<_>>(), sql::READABLE);
    }

    #[test]
    fn a_table_without_fractions_can_be_audited() {
        let ddl = Sql {
            name: "tables/counts".into(),
            text: "CREATE TABLE counts\n(\n    a String\n        COMMENT 'an account'\n)\nORDER BY (a)"
                .into(),
        };
        let refresh = Sql { name: "refresh/counts".into(), text: "SELECT 1".into() };
        let table = SummaryTable { name: "counts", grain: Grain::Daily, ddl, refresh, snapshots: &[] };
        let audit = table.audit(Care::Quick).text;
        assert!(audit.contains("NOT (true)"), "{audit}");
    }

    #[test]
    fn a_checked_cast_narrows_to_the_column_s_own_type() {
        for table in &TABLES {
            let rows = table.refresh.composed();
            let columns = table.definition().columns;
            for narrowed in rows.text.lines().filter_map(Narrowed::read) {
                let column = columns.iter().find(|column| column.name == narrowed.column);
                let column_type = column.map(|column| column.column_type.as_str()).unwrap_or_default();
                let expected = format!("UInt{}", narrowed.bits);
                assert_eq!(column_type, expected, "{}.{}", table.name, narrowed.column);
            }
        }
    }

    /// Staging inserts a refresh's rows by position, since one more `SELECT` around them would be planned for nothing.
    #[test]
    fn a_refresh_names_its_columns_in_the_table_s_order() {
        for table in &TABLES {
            let rows = table.refresh.composed();
            let (_, columns) = rows.text.rsplit_once("\nSELECT\n").expect("a SELECT that is no step");
            let (columns, _) = columns.split_once("\nFROM ").expect("a FROM");
            let aliases = columns.lines().filter_map(|line| {
                // Deeper lines belong to an expression that ends on a line of its own.
                let line = line.strip_prefix("    ").filter(|rest| !rest.starts_with([' ', '-']))?;
                line.rsplit_once(" AS ").map(|(_, alias)| alias.trim_end_matches(','))
            });
            let expected: Vec<String> =
                table.definition().columns.iter().map(|column| column.name.clone()).collect();
            assert_eq!(aliases.collect::<Vec<_>>(), expected, "{}", table.name);
        }
    }

    #[test]
    fn every_checked_cast_is_among_what_can_overflow() {
        for table in &TABLES {
            let casts = table.refresh.composed().text.matches("accurateCast(").count();
            let overflow = table.overflow();
            assert_eq!(overflow.is_some(), casts > 0, "{}", table.name);
            let Some(overflow) = overflow else { continue };
            assert_eq!(overflow.text.matches(", max(r.").count(), casts, "{}", overflow.text);
            assert_eq!(overflow.text.matches("'UInt64') AS ").count(), casts, "{}", overflow.text);
        }
    }
}
