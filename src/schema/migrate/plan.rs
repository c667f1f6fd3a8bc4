//! From differences to actions, in the order in which they must run. Pure.

use std::fmt;

use crate::schema;
use crate::schema::diff::{Difference, Mend};
use crate::schema::ledger::{STEPS, Step};
use crate::sql::{self, Sql};

/// One thing that migrate does. The order of the variants is the order of execution.
#[derive(Clone, Debug)]
pub enum Action {
    /// Creates a table: ledger, run log, summary table.
    CreateTable(&'static Sql),
    /// Runs a step and records it.
    Step {
        /// One that the ledger does not have yet.
        step: &'static Step,
        /// What it has to mend.
        why: String,
    },
    /// Sets comments of one table: column and text, the table's own with an empty column.
    Comments {
        /// Keeps its rows: a comment is metadata.
        table: String,
        /// Per column; the table's own under the empty name.
        comments: Vec<(String, String)>,
    },
    /// Sets settings of one table.
    Settings {
        /// Keeps its rows; new parts follow the settings.
        table: String,
        /// Name and value.
        settings: Vec<(String, String)>,
    },
    /// Copies a table whose engine or keys differ, and exchanges the two.
    Rebuild {
        /// Is copied into a new one, which takes its place.
        table: &'static schema::SummaryTable,
        /// The differences in words, for the report.
        why: String,
    },
    /// One that is missing.
    CreateView(&'static Sql),
    /// One that differs: it holds no rows.
    ReplaceView {
        /// Its DDL.
        view: &'static Sql,
        /// The differences in words, for the report.
        why: String,
    },
}

/// What migrate will do, and what it cannot.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// In the order of execution.
    pub actions: Vec<Action>,
    /// Differences that need a person: nothing is done while there is one.
    pub by_hand: Vec<Difference>,
    /// Differences that `--rebuild` would mend: everything else is done.
    pub rebuilds_left: Vec<Difference>,
}

impl Action {
    /// The object that it changes.
    pub fn object(&self) -> &str {
        match self {
            Action::CreateTable(sql) | Action::CreateView(sql) => sql.object(),
            Action::ReplaceView { view, .. } => view.object(),
            Action::Step { step, .. } => step.name(),
            Action::Comments { table, .. } | Action::Settings { table, .. } => table,
            Action::Rebuild { table, .. } => table.name,
        }
    }

    /// What it does, in a few words.
    pub fn verb(&self) -> &'static str {
        match self {
            Action::CreateTable(_) => "create table",
            Action::Step { .. } => "run step on",
            Action::Comments { .. } => "comment",
            Action::Settings { .. } => "make durable",
            Action::Rebuild { .. } => "rebuild table",
            Action::CreateView(_) => "create view",
            Action::ReplaceView { .. } => "replace view",
        }
    }

    /// Why it is needed; empty where the verb says it all.
    pub fn reason(&self) -> String {
        match self {
            Action::CreateTable(_) | Action::CreateView(_) => String::new(),
            Action::Step { step, why } => format!("number {}, {why}", step.version),
            Action::Comments { comments, .. } => format!("{} missing or different", comments.len()),
            Action::Settings { settings, .. } => {
                let settings = settings.iter().map(|(name, value)| format!("{name} = {value}"));
                settings.collect::<Vec<_>>().join(", ")
            }
            Action::Rebuild { why, .. } | Action::ReplaceView { why, .. } => why.clone(),
        }
    }
}

impl Action {
    /// Whether everything works without it: it is done where it may be.
    pub fn is_optional(&self) -> bool {
        matches!(self, Action::Settings { .. })
    }
}

impl fmt::Display for Action {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.verb(), self.object())?;
        match self.reason() {
            reason if reason.is_empty() => Ok(()),
            reason => write!(formatter, ": {reason}"),
        }
    }
}

/// Whether tables whose keys differ are copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rebuilds {
    /// They are.
    Do,
    /// They are left, and reported.
    Leave,
}

/// The actions that mend these differences.
pub fn plan(differences: &[Difference], rebuilds: Rebuilds) -> Plan {
    let mended_by =
        |object: &str, mend: &Mend| differences.iter().any(|it| it.table() == object && it.mend == *mend);
    let matching = |wanted: fn(&Mend) -> bool| differences.iter().filter(move |it| wanted(&it.mend)).cloned();
    let mut actions: Vec<Action> = Vec::new();
    let tables = schema::TABLES.iter().map(|table| &table.ddl);
    let logs = [&sql::SCHEMA_LEDGER, &sql::REFRESH_LOG];
    let created = logs
        .into_iter()
        .chain(tables)
        .chain(schema::CHAT_TABLES)
        .chain(&schema::OUTLOOK_TABLES)
        .chain(&schema::ALERT_TABLES);
    actions.extend(created.filter(|ddl| mended_by(ddl.object(), &Mend::Create)).map(Action::CreateTable));
    actions.extend(STEPS.iter().filter_map(|step| pending(step, differences)));
    actions.extend(comments(differences));
    actions.extend(differences.iter().filter_map(|difference| match &difference.mend {
        Mend::Settings(settings) => {
            Some(Action::Settings { table: difference.table().to_owned(), settings: settings.clone() })
        }
        _ => None,
    }));
    let left: Vec<Difference> = matching(|mend| *mend == Mend::Rebuild).collect();
    if rebuilds == Rebuilds::Do {
        let differing = schema::TABLES.iter().filter(|table| mended_by(table.name, &Mend::Rebuild));
        actions.extend(differing.map(|table| Action::Rebuild { table, why: why(&left, table.name) }));
    }
    for view in schema::all_views() {
        if mended_by(view.object(), &Mend::Create) {
            actions.push(Action::CreateView(view));
        } else if mended_by(view.object(), &Mend::ReplaceView) {
            actions.push(Action::ReplaceView { view, why: why(differences, view.object()) });
        }
    }
    Plan {
        actions,
        by_hand: matching(|mend| matches!(mend, Mend::ByHand(_))).collect(),
        rebuilds_left: if rebuilds == Rebuilds::Do { Vec::new() } else { left },
    }
}

/// A step is run where the ledger does not have it, and again where one of its columns is gone.
fn pending(step: &'static Step, differences: &[Difference]) -> Option<Action> {
    let mut mended = differences.iter().filter(|it| it.mend == Mend::Step(step.version)).peekable();
    mended.peek()?;
    let columns: Vec<String> =
        mended.filter(|it| it.table() == step.name()).map(|it| format!("`{}`", it.object)).collect();
    let why = match columns.as_slice() {
        [] => "not in the ledger yet".to_owned(),
        columns => format!("adds {}", columns.join(", ")),
    };
    Some(Action::Step { step, why })
}

/// One action for all comments of a table.
fn comments(differences: &[Difference]) -> Vec<Action> {
    let mut actions: Vec<Action> = Vec::new();
    for difference in differences {
        let Mend::Comment { column, comment } = &difference.mend else { continue };
        let entry = (column.clone(), comment.clone());
        match actions.last_mut() {
            Some(Action::Comments { table, comments }) if table == difference.table() => comments.push(entry),
            _ => {
                actions.push(Action::Comments { table: difference.table().to_owned(), comments: vec![entry] })
            }
        }
    }
    actions
}

/// The first difference of an object, and how many more there are.
fn why(differences: &[Difference], object: &str) -> String {
    let mut of_object = differences.iter().filter(|it| it.table() == object);
    let Some(first) = of_object.next() else { return String::new() };
    let more = match of_object.count() {
        0 => String::new(),
        count => format!(" (and {count} more)"),
    };
    let column = first.object.strip_prefix(object).unwrap_or_default().trim_start_matches('.');
    let column = if column.is_empty() { String::new() } else { format!("`{column}`: ") };
    format!("{column}expected {}, found {}{more}", first.expected, first.found)
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;
