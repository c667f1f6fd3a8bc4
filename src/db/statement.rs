//! One statement: its parameters, the names and texts in its slots, its settings.

use std::borrow::Cow;
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;
use serde_json::Value;

use super::bound::{bound, quoted};
use super::{Db, Privilege};
use crate::exit::stop::Stop;
use crate::sql::Sql;

/// Whether a name is of the kind that we generate: safe wherever it stands in a statement.
fn is_generated(name: &str) -> bool {
    let is_plain = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_';
    !name.is_empty() && name.chars().all(is_plain)
}

/// The query ids of some statements, one per try.
#[derive(Clone, Default)]
pub struct QueryIds(Arc<Mutex<Vec<String>>>);

impl QueryIds {
    pub(super) fn note(&self, query_id: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(query_id.to_owned());
    }

    /// Those noted so far.
    pub fn noted(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// One statement with its parameters, ready to run.
#[must_use]
#[derive(Clone)]
pub struct Statement<'db> {
    pub(super) db: &'db Db,
    pub(super) name: String,
    pub(super) text: Cow<'static, str>,
    pub(super) parameters: Vec<(&'static str, Value)>,
    pub(super) settings: Vec<(&'static str, String)>,
    pub(super) invalid_name: Option<String>,
    pub(super) stop: Option<Stop>,
    pub(super) gives_up_on: Option<u32>,
    pub(super) tries_once: bool,
    /// A second signal to stop waits for it.
    pub(super) is_change: bool,
    /// Where its query ids are noted.
    pub(super) notes: Option<QueryIds>,
}

impl<'db> Statement<'db> {
    pub(super) fn new(db: &'db Db, sql: &Sql) -> Self {
        Statement {
            db,
            name: sql.name.to_string(),
            text: db.way.adapted(sql.text.clone()),
            parameters: Vec::new(),
            settings: Vec::new(),
            invalid_name: None,
            stop: db.stop.clone().filter(|_| db.interruptible),
            gives_up_on: None,
            tries_once: false,
            is_change: false,
            notes: db.notes.clone(),
        }
    }
}

impl Statement<'_> {
    /// Binds `{name:Type}`.
    pub fn param(mut self, name: &'static str, value: impl Serialize) -> Self {
        let value = serde_json::to_value(value).unwrap_or(Value::Null);
        self.parameters.push((name, value));
        self
    }

    /// Puts one of our own generated names in the place of `<<slot>>`, where ClickHouse takes no parameter.
    pub fn generated_name(mut self, slot: &str, name: &str) -> Self {
        if !is_generated(name) {
            self.invalid_name = Some(name.to_owned());
        }
        self.text = Cow::Owned(self.text.replace(&format!("<<{slot}>>"), name));
        self
    }

    /// Puts a text of ours as a string literal in the place of `<<slot>>`, where ClickHouse takes no parameter.
    pub fn literal(mut self, slot: &str, text: &str) -> Self {
        self.text = Cow::Owned(self.text.replace(&format!("<<{slot}>>"), &quoted(text)));
        self
    }

    /// Puts comments in the place of `<<comments>>`: of columns, and of the table where the name is empty.
    pub fn comments(mut self, comments: &[(String, String)]) -> Self {
        let render = |(column, comment): &(String, String)| match column.as_str() {
            "" => format!("MODIFY COMMENT {}", quoted(comment)),
            column => format!("COMMENT COLUMN {column} {}", quoted(comment)),
        };
        let commands: Vec<String> = comments.iter().map(render).collect();
        self.text = Cow::Owned(self.text.replace("<<comments>>", &commands.join(",\n    ")));
        self
    }

    /// Puts settings of a table in the place of `<<settings>>`, each name one of ours and each value a number.
    pub fn table_settings(mut self, settings: &[(String, String)]) -> Self {
        let words = settings.iter().flat_map(|(name, value)| [name, value]);
        if let Some(word) = words.into_iter().find(|word| !is_generated(word)) {
            self.invalid_name = Some(word.clone());
        }
        let texts: Vec<String> = settings.iter().map(|(name, value)| format!("{name} = {value}")).collect();
        self.text = Cow::Owned(self.text.replace("<<settings>>", &texts.join(", ")));
        self
    }

    /// Puts privileges in the place of `<<privileges>>`.
    pub fn privileges(mut self, privileges: &[Privilege]) -> Self {
        if let Some(name) = privileges.iter().flat_map(Privilege::names).find(|name| !is_generated(name)) {
            self.invalid_name = Some(name.to_owned());
        }
        let texts: Vec<String> = privileges.iter().map(ToString::to_string).collect();
        self.text = Cow::Owned(self.text.replace("<<privileges>>", &texts.join(", ")));
        self
    }

    /// Changes a table on every server, although it is named by a parameter as this run's own ones are.
    pub fn everywhere(mut self) -> Self {
        self.text = self.db.way.everywhere(self.text);
        self
    }

    /// Puts what names the engine of a copy in place, behind the table that it copies.
    pub fn engine_of_copy(mut self, engine: &str, partition_key: &str, sorting_key: &str) -> Self {
        let clauses = self.db.way.engine_of_copy(engine, partition_key, sorting_key);
        if !clauses.is_empty() {
            self.text = Cow::Owned(format!("{}{clauses}\n", self.text.trim_end()));
        }
        self
    }

    /// Sets a ClickHouse setting for this statement.
    pub fn setting(mut self, name: &'static str, value: impl ToString) -> Self {
        self.settings.push((name, value.to_string()));
        self
    }

    /// Applies the settings that writing statements need besides those that every statement states.
    pub fn writing(mut self) -> Self {
        for (name, value) in self.db.write_settings.iter() {
            self.settings.push((name, (*value).to_owned()));
        }
        self
    }

    /// Kills the query and fails as soon as the user asks the run to stop. Without this a statement is finished.
    pub fn until(mut self, stop: &Stop) -> Self {
        self.stop = Some(stop.clone());
        self
    }

    /// Fails at once with this error code: the caller has a better answer than trying the same again.
    pub fn giving_up_on(mut self, code: u32) -> Self {
        self.gives_up_on = Some(code);
        self
    }

    /// Never tries again by itself: the statement alone is not idempotent, the caller redoes more.
    pub fn once(mut self) -> Self {
        self.tries_once = true;
        self
    }

    /// Notes the query id of each try.
    pub fn noting(mut self, ids: &QueryIds) -> Self {
        self.notes = Some(ids.clone());
        self
    }

    /// The text as it is sent, for `--dry-run`.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The statement as a script that any client can run: its values in place, `;` after it.
    pub fn script(&self) -> String {
        format!("{};", bound(self.text.trim_end(), &self.parameters))
    }

    /// The settings that it is sent with, as a script.
    pub fn settings_script(&self) -> String {
        let set = |(name, value): &(&str, String)| format!("SET {name} = {};\n", quoted(value));
        self.settings.iter().map(set).collect()
    }
}
