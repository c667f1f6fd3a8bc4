//! The third wall: the names of the tables stand for the asked accounts' rows, by SQL text that no setting takes away.

use std::sync::LazyLock;

use super::Scope;
use crate::schema::{self, Definition, TABLES, VIEWS};
use crate::sql::{self, Sql};

/// A table or view that a statement may read, with its columns.
pub struct Object {
    /// Its name.
    pub name: String,
    columns: String,
    is_table: bool,
}

/// The tables and views, those of the outlook too.
pub static OBJECTS: LazyLock<Vec<Object>> = LazyLock::new(|| {
    let object = |definition: Definition, is_table| Object {
        columns: definition.column_list(),
        name: definition.name,
        is_table,
    };
    let tables = TABLES.iter().map(|table| object(table.definition(), true));
    let outlook = schema::outlook_to_read().map(|ddl| {
        let definition = Definition::parse(ddl);
        let is_table = definition.body.is_empty();
        object(definition, is_table)
    });
    tables.chain(VIEWS.iter().map(|view| object(Definition::parse(view), false))).chain(outlook).collect()
});

impl Object {
    /// The rows of it that the scope has.
    fn rows(&self, scope: &Scope) -> String {
        let rows = match scope {
            Scope::All => &sql::GUARD_ALL_ROWS,
            Scope::Accounts(_) => &sql::GUARD_ACCOUNT_ROWS,
        };
        rows.text
            .replace("<<columns>>", &self.columns)
            .replace("<<object>>", &self.name)
            .replace("<<final>>", if self.is_table { " FINAL" } else { "" })
    }
}

/// Puts the statement under what its table names stand for. A name that only a subquery of the statement may give
/// stands for nothing, so that where the subquery is out of reach no table of the database answers.
pub fn cover(frame: &Sql, statement: &str, tables: &[String], scope: &Scope) -> Sql {
    let shadow = |name: &String| {
        let object = OBJECTS.iter().find(|object| object.name == *name);
        let rows = object.map_or_else(|| sql::GUARD_NOTHING.text.to_string(), |object| object.rows(scope));
        format!("`{name}` AS (\n{rows})")
    };
    // A statement may read no table at all.
    let nothing = ["ai_nothing".to_owned()];
    let names = if tables.is_empty() { &nothing[..] } else { tables };
    let shadows: Vec<String> = names.iter().map(shadow).collect();
    // The statement last: nothing in it is taken for a slot.
    let text =
        frame.text.replace("<<shadows>>", &shadows.join(",\n")).replacen("<<statement>>", statement, 1);
    Sql { name: frame.name.clone(), text: text.into() }
}
