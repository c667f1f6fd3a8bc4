//! Finds a TTL on a summary table: rows or values that go by themselves, at a time that no refresh knows of.

use super::{Difference, Mend};
use crate::schema::live::LiveObject;

/// Elements of a TTL that only move or compress what there is.
const HARMLESS: [&str; 3] = [" TO DISK ", " TO VOLUME ", " RECOMPRESS "];

/// The TTL of the table, and those of its columns.
pub(super) fn compare(live: &LiveObject) -> Vec<Difference> {
    let mut differences = Vec::new();
    if let Some(ttl) = of_table(&live.engine_full) {
        let remedy = format!(
            "ALTER TABLE {} REMOVE TTL, then `aiviews populate` for the dates that are gone",
            live.name
        );
        differences.push(difference(live.name.clone(), &ttl, remedy));
    }
    for (column, ttl) in of_columns(&live.statement) {
        let remedy = format!(
            "ALTER TABLE {} MODIFY COLUMN {column} REMOVE TTL, then `aiviews populate` for the dates whose values are gone",
            live.name
        );
        differences.push(difference(format!("{}.{column}", live.name), &ttl, remedy));
    }
    differences
}

fn difference(object: String, ttl: &str, remedy: String) -> Difference {
    Difference::new(object, "no TTL that deletes or changes rows", format!("TTL {ttl}"), Mend::ByHand(remedy))
}

/// The elements of a table's TTL that delete or change rows.
fn of_table(engine: &str) -> Option<String> {
    let (_, after) = engine.split_once(" TTL ")?;
    let ttl = after.rsplit_once(" SETTINGS ").map_or(after, |(ttl, _)| ttl);
    let harmful: Vec<&str> = elements(ttl)
        .into_iter()
        .filter(|element| !HARMLESS.iter().any(|word| format!("{element} ").contains(word)))
        .collect();
    (!harmful.is_empty()).then(|| harmful.join(", "))
}

/// The columns of a CREATE statement that have a TTL, with it.
fn of_columns(statement: &str) -> Vec<(String, String)> {
    let Some(start) = statement.find(" (`") else { return Vec::new() };
    let list = &statement[start + 2..];
    let end = closing(list);
    let ttl = |element: &str| {
        let rest = element.strip_prefix('`')?;
        let (name, definition) = rest.split_once("` ")?;
        let (_, ttl) =
            without_strings(definition).split_once(" TTL ").map(|(a, b)| (a.len(), b.to_owned()))?;
        Some((name.to_owned(), ttl))
    };
    elements(&list[..end]).into_iter().filter_map(ttl).collect()
}

/// The text without what stands in quotes: a comment may speak of a TTL.
fn without_strings(text: &str) -> String {
    let mut letters = text.chars();
    let mut left = String::new();
    let mut is_inside = false;
    while let Some(letter) = letters.next() {
        match letter {
            '\'' => is_inside = !is_inside,
            '\\' if is_inside => _ = letters.next(),
            _ if is_inside => {}
            _ => left.push(letter),
        }
    }
    left
}

/// Where these characters stand outside of strings, each place with the number of parentheses around it.
fn places(text: &str) -> Vec<(usize, char, i32)> {
    let mut found = Vec::new();
    let (mut depth, mut is_inside, mut is_escaped) = (0, false, false);
    for (at, letter) in text.char_indices() {
        match letter {
            _ if is_escaped => is_escaped = false,
            '\\' if is_inside => is_escaped = true,
            '\'' => is_inside = !is_inside,
            _ if is_inside => {}
            '(' => depth += 1,
            ')' => {
                depth -= 1;
                found.push((at, letter, depth));
            }
            ',' => found.push((at, letter, depth)),
            _ => {}
        }
    }
    found
}

/// What commas outside of parentheses and strings part.
fn elements(text: &str) -> Vec<&str> {
    let mut all = Vec::new();
    let mut start = 0;
    for (at, ..) in places(text).into_iter().filter(|(_, letter, depth)| *letter == ',' && *depth == 0) {
        all.push(text[start..at].trim());
        start = at + 1;
    }
    all.push(text[start..].trim());
    all
}

/// Where the parenthesis closes that was open at the beginning.
fn closing(text: &str) -> usize {
    places(text).into_iter().find(|(_, _, depth)| *depth < 0).map_or(text.len(), |(at, ..)| at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ttl_that_moves_or_compresses_is_no_harm() {
        let engine = "ReplacingMergeTree(updated_at) ORDER BY (a, b)";
        assert_eq!(of_table(engine), None);
        let moving =
            format!("{engine} TTL date + toIntervalDay(9) TO VOLUME 'cold', date RECOMPRESS CODEC(ZSTD(3))");
        assert_eq!(of_table(&moving), None);
        let both =
            format!("{moving}, date + toIntervalDay(60) WHERE f(a, b) SETTINGS index_granularity = 100");
        assert_eq!(of_table(&both).as_deref(), Some("date + toIntervalDay(60) WHERE f(a, b)"));
    }

    #[test]
    fn columns_with_a_ttl_are_named_and_comments_are_not_read() {
        let statement = "CREATE TABLE d.t (`a` Date COMMENT 'has TTL x, it\\'s (odd', `b` Decimal(9, 2) DEFAULT f(1, 2) \
                         TTL a + toIntervalDay(3), `c` String) ENGINE = MergeTree ORDER BY a TTL a + toIntervalDay(60)";
        assert_eq!(of_columns(statement), [("b".to_owned(), "a + toIntervalDay(3)".to_owned())]);
    }
}
