//! Compares a table: engine, keys, columns, comments.

use super::{Difference, Mend, column, lifetime};
use crate::schema::live::LiveObject;
use crate::schema::{self, Definition};

pub(super) fn compare(expected: &Definition, live: &LiveObject) -> Vec<Difference> {
    if !live.engine.ends_with("MergeTree") {
        let found = format!("an object with engine {}", live.engine);
        return vec![Difference::new(&expected.name, "a table", found, Mend::ByHand(aside(&expected.name)))];
    }
    let mut differences = storage(expected, live);
    // The run log forgets by itself, as its DDL says.
    if schema::SummaryTable::find(&expected.name).is_some() {
        differences.extend(lifetime::compare(live));
    }
    differences.extend(column::compare_table(expected, live));
    differences.extend(column::compare_comments(expected, live));
    differences.extend(settings(expected, live));
    differences
}

/// Settings that the table does not have. A cluster that shares its storage keeps it in its own way.
fn settings(expected: &Definition, live: &LiveObject) -> Option<Difference> {
    let (_, found) = live.engine_full.rsplit_once(" SETTINGS ").unwrap_or_default();
    let found = schema::assignments(found);
    let missing = expected.settings.iter().filter(|setting| !found.contains(setting));
    let missing: Vec<(String, String)> = missing.cloned().collect();
    if missing.is_empty() || live.engine.starts_with("Shared") {
        return None;
    }
    let wanted: Vec<String> = missing.iter().map(|(name, value)| format!("{name} = {value}")).collect();
    let there = found.iter().filter(|(name, _)| missing.iter().any(|(wanted, _)| wanted == name));
    let there: Vec<String> = there.map(|(name, value)| format!("{name} = {value}")).collect();
    let there = if there.is_empty() { "not set".to_owned() } else { there.join(", ") };
    let expected_text = format!("settings {}", wanted.join(", "));
    Some(Difference::new(&expected.name, expected_text, there, Mend::Settings(missing)))
}

fn aside(name: &str) -> String {
    format!("RENAME TABLE {name} TO {name}_old, then run `aiviews migrate`")
}

/// Engine, partition key and sorting key.
fn storage(expected: &Definition, live: &LiveObject) -> Vec<Difference> {
    let version = |engine: &str| engine_arguments(engine).rsplit(',').next().map(plain).unwrap_or_default();
    let family = live.engine.trim_start_matches("Shared").trim_start_matches("Replicated");
    let same_family = expected.engine.split('(').next() == Some(family);
    let found_engine = format!("{}({})", live.engine, engine_arguments(&live.engine_full));
    let same_engine = same_family && version(&expected.engine) == version(&live.engine_full);
    let aspects = [
        ("engine", &expected.engine, &found_engine, same_engine),
        (
            "partition key",
            &expected.partition_key,
            &live.partition_key,
            same_key(&expected.partition_key, live),
        ),
        (
            "sorting key",
            &expected.sorting_key,
            &live.sorting_key,
            plain(&expected.sorting_key) == plain(&live.sorting_key),
        ),
    ];
    let differing = aspects.into_iter().filter(|(.., same)| !same);
    let mend = if schema::SummaryTable::find(&expected.name).is_none() {
        Mend::ByHand(aside(&expected.name))
    } else if live.engine.starts_with("Replicated") {
        let remedy = "a replicated table is not rebuilt by aiviews: make a copy with the right keys on all replicas, fill it, \
                      and EXCHANGE TABLES";
        Mend::ByHand(remedy.to_owned())
    } else {
        Mend::Rebuild
    };
    let shown = |text: &str| if text.is_empty() { "none".to_owned() } else { text.to_owned() };
    differing
        .map(|(aspect, expected_text, found, _)| {
            let expected_text = format!("{aspect} {}", shown(expected_text));
            Difference::new(&expected.name, expected_text, format!("{aspect} {}", shown(found)), mend.clone())
        })
        .collect()
}

fn same_key(expected: &str, live: &LiveObject) -> bool {
    plain(expected) == plain(&live.partition_key)
}

/// The text between the parentheses right after the engine's name; a replicated engine's path may hold some too.
fn engine_arguments(engine: &str) -> &str {
    let name = engine.find(|letter: char| !letter.is_ascii_alphanumeric()).unwrap_or(engine.len());
    let Some(rest) = engine[name..].strip_prefix('(') else { return "" };
    let (mut depth, mut quoted) = (1, false);
    for (index, letter) in rest.char_indices() {
        match letter {
            '\'' => quoted = !quoted,
            '(' if !quoted => depth += 1,
            ')' if !quoted => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return &rest[..index];
        }
    }
    rest
}

/// A key without what carries no meaning: white space and back quotes.
fn plain(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_whitespace() && *letter != '`').collect()
}

#[cfg(test)]
mod tests {
    use super::engine_arguments;

    #[test]
    fn arguments_end_at_their_parenthesis() {
        let cases = [
            ("ReplacingMergeTree(updated_at) PARTITION BY f(x)", "updated_at"),
            (
                "SharedReplacingMergeTree('/a(b)/{uuid}', '{replica}', updated_at) ORDER BY k",
                "'/a(b)/{uuid}', '{replica}', updated_at",
            ),
            ("MergeTree PARTITION BY f(x)", ""),
            ("ReplacingMergeTree", ""),
        ];
        for (engine, expected) in cases {
            assert_eq!(engine_arguments(engine), expected, "{engine}");
        }
    }
}
