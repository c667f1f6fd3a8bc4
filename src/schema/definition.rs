//! A table or view as its DDL states it, read from the DDL.

use crate::sql::Sql;

/// A column as the DDL states it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Without quotes: ours need none.
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
    /// In the order of the DDL, which is that of inserts.
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
