//! What there is to query: tables, views, questions, from their own comments.

use anyhow::{Result, bail};

use crate::context::schema::{self, Scope};
use crate::question::QUESTIONS;
use crate::schema::{Definition, TABLES, VIEWS};

/// The tables and views.
fn objects() -> impl Iterator<Item = Definition> {
    let tables = TABLES.iter().map(|table| table.definition());
    let outlook = crate::schema::outlook_to_read().map(Definition::parse);
    VIEWS.iter().map(Definition::parse).chain(tables).chain(outlook)
}

/// Names of everything that can be described.
pub fn names() -> Vec<String> {
    let questions = QUESTIONS.iter().map(|question| question.name.to_owned());
    objects().map(|object| object.name).chain(questions).collect()
}

/// A table, a view or a question; without a name what there is.
pub fn about(name: Option<&str>) -> Result<String> {
    let Some(name) = name else { return Ok(overview()) };
    if name == "views" {
        return Ok(schema::describe(Scope::Views));
    }
    if let Some(object) = objects().find(|object| object.name == name) {
        let columns = object.columns.iter().map(|column| {
            let kind = column.column_type.trim_start_matches("LowCardinality(").trim_end_matches(')');
            format!("{} {kind}: {}", column.name, column.comment)
        });
        return Ok(format!(
            "{}: {}\n{}",
            object.name,
            object.comment,
            columns.collect::<Vec<_>>().join("\n")
        ));
    }
    if let Some(question) = QUESTIONS.iter().find(|question| question.name == name) {
        let parameters = question.parameters.iter().map(|parameter| {
            let default = parameter.default.as_deref().unwrap_or("has to be given");
            format!("{} ({default}): {}", parameter.name, parameter.meaning)
        });
        let mut lines = vec![question.question.clone(), question.row.to_owned(), question.answer.clone()];
        lines.extend(parameters);
        return Ok(lines.join("\n"));
    }
    bail!("there is no table, view or question `{}`: call describe without `about`", name.escape_default())
}

fn overview() -> String {
    let mut lines = vec![
        "Tables and views (describe about=NAME has the columns; about=views all views at once):".to_owned(),
    ];
    lines.extend(objects().map(|object| format!("{}: {}", object.name, object.comment)));
    lines.push(
        "Money is in each account's own currency. *_pct are percent, *_rate fractions: never average them."
            .to_owned(),
    );
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::tokens;

    #[test]
    fn every_name_is_described() {
        let outlook = crate::schema::outlook_to_read().count();
        assert_eq!(names().len(), 15 + outlook + QUESTIONS.len());
        let longest = |name: &str| tokens::count(&about(Some(name)).expect("known"));
        assert!(longest("views") <= 8_000, "{}", longest("views"));
        for name in names() {
            assert!(longest(&name) <= 8_000, "{name}: {}", longest(&name));
            assert!(about(Some(&name)).expect("known").lines().count() > 2, "{name}");
            assert!(
                about(None).expect("the list").contains(&name) || QUESTIONS.iter().any(|it| it.name == name)
            );
        }
        assert!(about(Some("x")).is_err());
    }
}
