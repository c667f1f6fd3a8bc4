//! The source views: what they must offer, and the copies that a run makes of them.

use std::sync::LazyLock;

use crate::sql::{self, Sql};

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
