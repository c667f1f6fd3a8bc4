//! Compares a view: columns, comments, body.

use super::{Difference, Mend};
use crate::live_schema::LiveObject;
use crate::schema::Definition;

pub(super) fn compare(expected: &Definition, live: &LiveObject) -> Vec<Difference> {
    let name = &expected.name;
    if live.engine != "View" {
        let remedy = format!("RENAME TABLE {name} TO {name}_old, then run `aiviews migrate`");
        let found = format!("an object with engine {}", live.engine);
        return vec![Difference::new(name, "a view", found, Mend::ByHand(remedy))];
    }
    let mut differences = columns(expected, live);
    if expected.comment != live.comment {
        let (expected, found) = (format!("comment '{}'", expected.comment), format!("comment '{}'", live.comment));
        differences.push(Difference::new(name, expected, found, Mend::ReplaceView));
    }
    if expected.body != live.body {
        let (expected, found) = excerpts(&expected.body, &live.body);
        differences.push(Difference::new(name, expected, found, Mend::ReplaceView));
    }
    differences
}

fn columns(expected: &Definition, live: &LiveObject) -> Vec<Difference> {
    let described = |place: usize, column_type: &str, comment: &str| {
        format!("{column_type} at position {}, comment '{comment}'", place + 1)
    };
    let mut differences = Vec::new();
    for (place, column) in expected.columns.iter().enumerate() {
        let right = described(place, &column.column_type, &column.comment);
        let found = match live.columns.iter().position(|found| found.name == column.name) {
            None => "no such column".to_owned(),
            Some(at) => described(at, &live.columns[at].column_type, &live.columns[at].comment),
        };
        if found != right {
            differences.push(Difference::new(format!("{}.{}", expected.name, column.name), right, found, Mend::ReplaceView));
        }
    }
    for found in &live.columns {
        if !expected.columns.iter().any(|column| column.name == found.name) {
            let object = format!("{}.{}", expected.name, found.name);
            differences.push(Difference::new(object, "no such column", &found.column_type, Mend::ReplaceView));
        }
    }
    differences
}

/// The surroundings of the first place where two texts differ.
fn excerpts(expected: &str, found: &str) -> (String, String) {
    const BEFORE: usize = 24;
    const LENGTH: usize = 72;
    let same = expected.chars().zip(found.chars()).take_while(|(left, right)| left == right).count();
    let start = same.saturating_sub(BEFORE);
    let excerpt = |text: &str| {
        let piece: String = text.chars().skip(start).take(LENGTH).collect();
        let before = if start > 0 { "..." } else { "" };
        let after = if text.chars().count() > start + LENGTH { "..." } else { "" };
        format!("body {before}{piece}{after}")
    };
    (excerpt(expected), excerpt(found))
}

#[cfg(test)]
mod tests {
    use super::excerpts;

    #[test]
    fn an_excerpt_shows_where_bodies_part() {
        let (expected, found) = excerpts("SELECT a FROM t WHERE x > 1 AND y = 2", "SELECT a FROM t WHERE x > 2");
        assert_eq!(expected, "body ...CT a FROM t WHERE x > 1 AND y = 2");
        assert_eq!(found, "body ...CT a FROM t WHERE x > 2");
    }
}
