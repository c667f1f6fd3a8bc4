//! A summary table, and the statements that are made of its DDL and its refresh.

use super::definition::{Column, Definition};
use super::source::SourceSnapshot;
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

/// The types that a sum may outgrow, and the largest number that each holds.
const NARROW: [(&str, u32); 3] =
    [("UInt8", u8::MAX as u32), ("UInt16", u16::MAX as u32), ("UInt32", u32::MAX)];

/// How a checked cast to this type ends.
fn checked(column_type: &str) -> String {
    format!(", '{column_type}') AS ")
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

    /// Finds what does not fit its column, where the refresh checks anything: the same rows with room for any sum,
    /// against what the columns hold.
    pub fn overflow(&self) -> Option<Sql> {
        let rows = self.refresh.composed().text;
        if !rows.contains("accurateCast(") {
            return None;
        }
        let widen =
            |text: String, (narrow, _): &(&str, u32)| text.replace(&checked(narrow), &checked("UInt64"));
        let widened = NARROW.iter().fold(rows.into_owned(), widen);
        let largest = |column: &Column| {
            let (_, most) = NARROW.iter().find(|(narrow, _)| *narrow == column.column_type)?;
            Some(format!("('{0}', toUInt64(max(r.{0})), toUInt64({most}))", column.name))
        };
        let largest: Vec<String> = self.definition().columns.iter().filter_map(largest).collect();
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
}

#[cfg(test)]
mod tests {
    use super::super::TABLES;
    use super::*;

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
    fn a_checked_cast_narrows_to_the_column_s_own_type_and_is_widened() {
        for table in &TABLES {
            let rows = table.refresh.composed().text;
            let check = table.overflow().map(|check| check.text).unwrap_or_default();
            let columns = table.definition().columns;
            let casts: Vec<&str> = rows.lines().filter(|line| line.contains("accurateCast(")).collect();
            for cast in &casts {
                let (cast, name) =
                    cast.trim_end_matches(',').rsplit_once("') AS ").expect("a cast to a column");
                let (_, column_type) = cast.rsplit_once(", '").expect("a type");
                let column = columns.iter().find(|column| column.name == name).expect("a column");
                assert_eq!(column.column_type, column_type, "{}.{name}", table.name);
                assert!(check.contains(&format!("('{name}', toUInt64(max(r.{name}))")), "{check}");
            }
            assert_eq!(rows.matches("accurateCast(").count(), casts.len(), "{}: one per line", table.name);
            assert_eq!(check.matches("'UInt64') AS ").count(), casts.len(), "{check}");
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
}
