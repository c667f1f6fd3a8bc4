//! Compares a view: columns, comments, body.

use super::{Difference, Mend};
use crate::schema::Definition;
use crate::schema::live::LiveObject;

pub(super) fn compare(expected: &Definition, live: &LiveObject) -> Vec<Difference> {
    let name = &expected.name;
    if live.engine != "View" {
        let remedy = format!("RENAME TABLE {name} TO {name}_old, then run `aiviews migrate`");
        let found = format!("an object with engine {}", live.engine);
        return vec![Difference::new(name, "a view", found, Mend::ByHand(remedy))];
    }
    let mut differences = columns(expected, live);
    if expected.comment != live.comment {
        let (expected, found) =
            (format!("comment '{}'", expected.comment), format!("comment '{}'", live.comment));
        differences.push(Difference::new(name, expected, found, Mend::ReplaceView));
    }
    if expected.body != live.body {
        let (expected, found) = excerpts(&expected.body, &live.body);
        differences.push(Difference::new(name, expected, found, Mend::ReplaceView));
    }
    differences
}

fn columns(expected: &Definition, live: &LiveObject) -> Vec<Difference> {
    let is_known = |name: &str| expected.columns.iter().any(|column| column.name == name);
    let object = |column: &str| format!("{}.{column}", expected.name);
    let described = |place: usize, column_type: &str, comment: &str| {
        format!("{column_type} at position {}, comment '{comment}'", place + 1)
    };
    // Positions count only the columns that both sides have: one lost column does not move all that follow it.
    let present = expected.columns.iter().filter(|column| live.column(&column.name).is_some());
    let known: Vec<_> = live.columns.iter().filter(|found| is_known(&found.name)).enumerate().collect();
    let mut differences = Vec::new();
    for (place, column) in present.enumerate() {
        let right = described(place, &column.column_type, &column.comment);
        let Some((at, found)) = known.iter().find(|(_, found)| found.name == column.name) else { continue };
        let found = described(*at, &found.column_type, &found.comment);
        if found != right {
            differences.push(Difference::new(object(&column.name), right, found, Mend::ReplaceView));
        }
    }
    for column in expected.columns.iter().filter(|column| live.column(&column.name).is_none()) {
        differences.push(Difference::new(
            object(&column.name),
            &column.column_type,
            "no such column",
            Mend::ReplaceView,
        ));
    }
    for found in live.columns.iter().filter(|found| !is_known(&found.name)) {
        differences.push(Difference::new(
            object(&found.name),
            "no such column",
            &found.column_type,
            Mend::ReplaceView,
        ));
    }
    differences
}

/// The surroundings of the first place where two texts differ.
fn excerpts(expected: &str, found: &str) -> (String, String) {
    const BEFORE: usize = 40;
    const LENGTH: usize = 100;
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
        let (expected, found) =
            excerpts("SELECT a FROM t WHERE x > 1", "SELECT a FROM t WHERE x > 2 AND y = 3");
        assert_eq!(expected, "body SELECT a FROM t WHERE x > 1");
        assert_eq!(found, "body SELECT a FROM t WHERE x > 2 AND y = 3");
        let (long, longer) = (format!("{}x", "a".repeat(200)), format!("{}yz", "a".repeat(200)));
        let (expected, found) = excerpts(&long, &longer);
        assert_eq!(expected, format!("body ...{}x", "a".repeat(40)));
        assert_eq!(found, format!("body ...{}yz", "a".repeat(40)));
    }
}
