//! Compares the source views with what refreshes read from them. Order does not matter: they read by name.

use super::{Difference, Mend};
use crate::schema::live::{LiveObject, LiveSchema};
use crate::schema::{SOURCES, SourceView};

/// Every difference between the sources that refreshes read and those that there are.
pub fn compare_sources(live: &LiveSchema) -> Vec<Difference> {
    let compare = |source: &SourceView| match live.find(&source.name) {
        None => {
            let remedy =
                "create the view in this database, or point CLICKHOUSE_DATABASE at the one that has it";
            vec![Difference::new(
                &source.name,
                "a view",
                "nothing of this name",
                Mend::ByHand(remedy.to_owned()),
            )]
        }
        Some(object) => compare_source(source, object),
    };
    SOURCES.iter().flat_map(compare).collect()
}

fn compare_source(source: &SourceView, live: &LiveObject) -> Vec<Difference> {
    let mut differences = Vec::new();
    for (name, column_type) in &source.columns {
        let found = live.column(name).map(|column| column.column_type.as_str());
        if found != Some(column_type) {
            let object = format!("{}.{name}", source.name);
            let remedy = format!("have the view offer `{name}` as {column_type} again");
            let found = found.unwrap_or("no such column");
            differences.push(Difference::new(object, column_type, found, Mend::ByHand(remedy)));
        }
    }
    for column in live.columns.iter().filter(|column| column.default_kind == "EPHEMERAL") {
        if source.columns.iter().any(|(name, _)| *name == column.name) {
            let object = format!("{}.{}", source.name, column.name);
            let remedy = format!(
                "an EPHEMERAL column holds nothing: ALTER TABLE {} MODIFY COLUMN `{}` {}, and fill it",
                source.name, column.name, column.column_type
            );
            differences.push(Difference::new(
                object,
                "a column that can be read",
                "an EPHEMERAL column",
                Mend::ByHand(remedy),
            ));
        }
    }
    for column in &live.columns {
        if !source.columns.iter().any(|(name, _)| *name == column.name) {
            let mend = Mend::Nothing("harmless: aiviews does not read it".to_owned());
            let object = format!("{}.{}", source.name, column.name);
            differences.push(Difference::new(object, "no such column", &column.column_type, mend));
        }
    }
    differences
}
