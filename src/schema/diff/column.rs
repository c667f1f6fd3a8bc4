//! Compares columns: presence, type, default, order, comment.

use super::{Difference, Mend};
use crate::schema::ledger::Step;
use crate::schema::live::{LiveColumn, LiveObject};
use crate::schema::{Column, Definition};

/// All but the comments.
pub(super) fn compare_table(expected: &Definition, live: &LiveObject) -> Vec<Difference> {
    let contract = expected.contract_columns().len();
    let mut differences = Vec::new();
    for (index, column) in expected.columns.iter().enumerate() {
        match live.column(&column.name) {
            None => differences.push(missing(expected, index, live)),
            Some(found) => {
                differences.extend(compare_type(expected, column, found));
                differences.extend(compare_default(expected, column, found, index < contract));
            }
        }
    }
    differences.extend(compare_order(expected, live));
    differences.extend(extra(expected, live));
    differences
}

/// The comments of the table and of those columns that exist.
pub(super) fn compare_comments(expected: &Definition, live: &LiveObject) -> Vec<Difference> {
    let own = (expected.name.clone(), "", &expected.comment, &live.comment);
    let of_columns = expected.columns.iter().filter_map(|column| {
        let found = live.column(&column.name)?;
        Some((object(expected, &column.name), column.name.as_str(), &column.comment, &found.comment))
    });
    std::iter::once(own)
        .chain(of_columns)
        .filter(|(_, _, comment, found)| comment != found)
        .map(|(object, column, comment, found)| {
            let mend = Mend::Comment { column: column.to_owned(), comment: comment.clone() };
            let found = if found.is_empty() { "no comment".to_owned() } else { format!("comment '{found}'") };
            Difference::new(object, format!("comment '{comment}'"), found, mend)
        })
        .collect()
}

fn object(definition: &Definition, column: &str) -> String {
    format!("{}.{column}", definition.name)
}

fn is_known(definition: &Definition, name: &str) -> bool {
    definition.columns.iter().any(|column| column.name == name)
}

fn missing(expected: &Definition, index: usize, live: &LiveObject) -> Difference {
    let column = &expected.columns[index];
    let in_its_place = live.columns.get(index).filter(|found| !is_known(expected, &found.name));
    let found = match in_its_place {
        Some(found) => format!("no such column, but `{}` {} in its place", found.name, found.column_type),
        None => "no such column".to_owned(),
    };
    let mend = match (Step::adding(&expected.name, &column.name), in_its_place) {
        (Some(step), _) => Mend::Step(step.version),
        (None, Some(found)) => Mend::ByHand(format!(
            "if it was renamed: ALTER TABLE {} RENAME COLUMN {} TO {}",
            expected.name, found.name, column.name
        )),
        (None, None) => Mend::ByHand(format!(
            "restore the table from a backup, or add the column: ALTER TABLE {} ADD COLUMN {} {} {}",
            expected.name,
            column.name,
            column.column_type,
            position(expected, index)
        )),
    };
    Difference::new(object(expected, &column.name), column.column_type.clone(), found, mend)
}

/// Where a column belongs, as ALTER TABLE says it.
fn position(expected: &Definition, index: usize) -> String {
    match index.checked_sub(1) {
        Some(previous) => format!("AFTER {}", expected.columns[previous].name),
        None => "FIRST".to_owned(),
    }
}

fn compare_type(expected: &Definition, column: &Column, found: &LiveColumn) -> Option<Difference> {
    if column.column_type == found.column_type {
        return None;
    }
    let remedy = format!(
        "check that the values fit, then: ALTER TABLE {} MODIFY COLUMN {} {}",
        expected.name, column.name, column.column_type
    );
    let object = object(expected, &column.name);
    Some(Difference::new(object, &column.column_type, &found.column_type, Mend::ByHand(remedy)))
}

/// Rows from before a column was added show its default, so that of an additive column matters. A contract column is
/// always written, so a default of its own is harmless unless it forbids writing.
fn compare_default(
    expected: &Definition,
    column: &Column,
    found: &LiveColumn,
    is_contract: bool,
) -> Option<Difference> {
    let writable = matches!(found.default_kind.as_str(), "" | "DEFAULT");
    if writable && column.default == found.default_expression {
        return None;
    }
    let shown = |kind: &str, text: &str| {
        if text.is_empty() { "no default".to_owned() } else { format!("{kind} {text}") }
    };
    let (table, name) = (&expected.name, &column.name);
    let mend = if writable && is_contract {
        Mend::Nothing("harmless: aiviews writes every column itself".to_owned())
    } else if column.default.is_empty() {
        Mend::ByHand(format!("ALTER TABLE {table} MODIFY COLUMN {name} REMOVE {}", found.default_kind))
    } else {
        let column_type = &column.column_type;
        Mend::ByHand(format!(
            "ALTER TABLE {table} MODIFY COLUMN {name} {column_type} DEFAULT {}",
            column.default
        ))
    };
    let found = shown(&found.default_kind, &found.default_expression);
    Some(Difference::new(object(expected, name), shown("DEFAULT", &column.default), found, mend))
}

/// The first column that stands elsewhere, among those that exist.
fn compare_order(expected: &Definition, live: &LiveObject) -> Option<Difference> {
    let present: Vec<usize> = (0..expected.columns.len())
        .filter(|index| live.column(&expected.columns[*index].name).is_some())
        .collect();
    // A contract column that is missing is reported as such: what follows it cannot stand right.
    if present.len() < expected.contract_columns().len() {
        return None;
    }
    let (place, index) = present
        .into_iter()
        .enumerate()
        .find(|(place, index)| live.columns[*place].name != expected.columns[*index].name)?;
    let standing = &live.columns[place];
    if !is_known(expected, &standing.name) {
        let last = expected.columns.last().map_or("", |column| column.name.as_str());
        let remedy = move_column(expected, &standing.name, &standing.column_type, &format!("AFTER {last}"));
        let (right, found) = (format!("position behind `{last}`"), format!("position {}", place + 1));
        return Some(Difference::new(object(expected, &standing.name), right, found, Mend::ByHand(remedy)));
    }
    let column = &expected.columns[index];
    let found = live.columns.iter().position(|found| found.name == column.name).unwrap_or_default();
    let remedy = move_column(expected, &column.name, &column.column_type, &position(expected, index));
    let (right, found) = (format!("position {}", place + 1), format!("position {}", found + 1));
    Some(Difference::new(object(expected, &column.name), right, found, Mend::ByHand(remedy)))
}

fn move_column(expected: &Definition, name: &str, column_type: &str, place: &str) -> String {
    format!("ALTER TABLE {} MODIFY COLUMN {name} {column_type} {place}", expected.name)
}

/// Columns that we do not know, behind those that we do.
fn extra(expected: &Definition, live: &LiveObject) -> Vec<Difference> {
    let unknown = live.columns.iter().filter(|found| !is_known(expected, &found.name));
    let remedy = "aiviews leaves it alone: it takes its default on every refresh";
    unknown
        .map(|found| {
            let mend = Mend::Nothing(remedy.to_owned());
            Difference::new(object(expected, &found.name), "no such column", &found.column_type, mend)
        })
        .collect()
}
