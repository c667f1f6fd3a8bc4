//! The sections of a context, picked from the answers: what a model needs, in the fewest words.

use chrono::NaiveDate;
use serde_json::{Number, Value, json};

use super::Answers;
use super::payload::Section;
use crate::question::{Answer, Question};

/// The sections of an account's context, in the order in which they are read.
pub(super) fn of(answers: &Answers) -> Vec<Section> {
    let period = |name: &str| answers.timeline.only("period", name);
    let (days, weeks, months) = (period("day"), period("week"), period("month"));
    let rates = [("open_rate_pct", "open"), ("click_rate_pct", "click")];
    let revenue = ("revenue", "revenue");
    let columns = |first: &[Names], others: &[Names]| [first, others].concat();
    let dated = |title| columns(&[("from_day", title), revenue], &rates);
    let mut sections = vec![
        section("days", &best_and_worst(&days), 100, dates("%m-%d %a", brief(&days, &dated("date")[..3]))),
        section("weeks", "before, from", 90, dates("%m-%d", brief(&weeks, &dated("from")[..3]))),
        section("months", "newest partial", 60, dates("%Y-%m", brief(&months, &dated("month")[..2]))),
        section("change", "%, 7 days vs 7 before", 85, changes(&answers.weeks)),
        section(
            "channels",
            "30 days",
            80,
            brief(
                &answers.channels,
                &columns(&[("channel", "channel"), revenue, ("share_pct", "share%")], &rates),
            ),
        ),
        section(
            "usual",
            "90 days",
            75,
            brief(&answers.benchmarks, &columns(&[("kind", "kind"), ("channel", "channel")], &rates)),
        ),
        section("weekdays", "revenue vs average", 65, weekday_line(&answers.weekdays)),
        section(
            "movers",
            "money, 7 days",
            55,
            brief(&answers.movers, &[("what", "what"), ("channel", "channel"), ("change", "change")]),
        ),
        section(
            "unusual",
            "30 days",
            50,
            dates(
                "%m-%d",
                brief(
                    &answers.anomalies,
                    &[("date", "date"), ("name", "name"), ("rate", "rate"), ("rate_pct", "%")],
                ),
            ),
        ),
        section(
            "segments",
            "",
            45,
            brief(&answers.segments, &[("segment", "segment"), ("week_change_pct", "week%")]),
        ),
        section("forms", "", 40, brief(&answers.forms, &[("form", "form"), ("submit_rate_pct", "submit%")])),
    ];
    sections.retain(|section| !section.rows.is_empty());
    sections
}

/// Columns that a question's answer can be read without.
const OMITTED: [(&str, &str); 3] =
    [("campaigns_this_week", "delivered"), ("top_campaigns", "delivered"), ("low_open_rates", "delivered")];
/// The rating that rates nothing.
const NO_RATING: &str = "Not Enough Data";
/// Dates that are younger than this do without their year, in days.
const YEAR_KNOWN: i64 = 300;

/// A question's answer, its rows dropped one by one where there is no room.
pub(super) fn of_question(question: &'static Question, answer: &Answer, complete_through: &str) -> Section {
    let is_told = |name: &&String| !OMITTED.contains(&(question.name, name.as_str()));
    let names: Vec<(&str, &str)> =
        answer.columns.iter().filter(is_told).map(|name| (name.as_str(), name.as_str())).collect();
    let (_, mut rows) = pick(answer, &names);
    if let Ok(today) = complete_through.parse::<NaiveDate>() {
        rows.iter_mut().flatten().for_each(|cell| *cell = without_year(cell, today));
    }
    for (column, (name, _)) in names.iter().enumerate() {
        let is_coarse =
            name.contains("revenue") || (*name == "open_rate_pct" && question.name != "low_open_rates");
        for row in &mut rows {
            if is_coarse {
                row[column] = round(&row[column], 10.0);
            }
            if row[column] == NO_RATING {
                row[column] = Value::Null;
            }
        }
    }
    let columns = names.iter().map(|(name, _)| name.replace("_pct", "%")).collect();
    let note = question.row.trim_start_matches("One row is ").trim_end_matches('.').to_owned();
    Section { trims_rows: true, ..section(question.name, &note, 100, (columns, rows)) }
}

/// `2026-11-20` as `11-20` where no other year can be meant.
fn without_year(cell: &Value, today: NaiveDate) -> Value {
    let date: Option<NaiveDate> = cell.as_str().and_then(|text| text.parse().ok());
    match date {
        Some(date) if (today - date).num_days().abs() <= YEAR_KNOWN => {
            json!(date.format("%m-%d").to_string())
        }
        _ => cell.clone(),
    }
}

type Rows = (Vec<String>, Vec<Vec<Value>>);
/// A column's name in the answer, and in the section.
type Names = (&'static str, &'static str);

fn section(name: &'static str, note: &str, worth: u8, (columns, rows): Rows) -> Section {
    Section { name, note: note.to_owned(), worth, trims_rows: false, columns, rows, rows_left_out: 0 }
}

/// Columns of an answer under shorter names, with money of 100 and more in whole units.
fn pick(answer: &Answer, columns: &[(&str, &str)]) -> Rows {
    let row = |row: usize| columns.iter().map(|(name, _)| round(answer.cell(row, name), 100.0)).collect();
    let rows = (0..answer.rows.len()).map(row).collect();
    (columns.iter().map(|(_, title)| (*title).to_owned()).collect(), rows)
}

/// The same, with every number of 10 and more whole: in an overview the digits after it decide nothing.
fn brief(answer: &Answer, columns: &[Names]) -> Rows {
    let (titles, mut rows) = pick(answer, columns);
    rows.iter_mut().flatten().for_each(|cell| *cell = round(cell, 10.0));
    (titles, rows)
}

/// Whole from a threshold on, else two decimals.
fn round(value: &Value, whole_from: f64) -> Value {
    match value.as_f64() {
        Some(number) if !value.is_i64() && number.abs() >= whole_from => json!(number.round() as i64),
        Some(number) if !value.is_i64() => {
            Number::from_f64((number * 100.0).round() / 100.0).map_or(Value::Null, Value::Number)
        }
        _ => value.clone(),
    }
}

/// The first column's dates in a shorter form.
fn dates(form: &str, (columns, mut rows): Rows) -> Rows {
    for row in &mut rows {
        row[0] = short_date(form, &row[0]);
    }
    (columns, rows)
}

fn short_date(form: &str, value: &Value) -> Value {
    let date: Option<NaiveDate> = value.as_str().and_then(|text| text.parse().ok());
    date.map_or(Value::Null, |date| json!(date.format(form).to_string()))
}

/// One row: weekdays that have enough sends, the best first.
fn weekday_line(weekdays: &Answer) -> Rows {
    let told: Vec<usize> =
        (0..weekdays.rows.len()).filter(|row| weekdays.number(*row, "vs_average_pct").is_some()).collect();
    let short = |row: &usize| weekdays.text(*row, "day").chars().take(3).collect();
    let values = told.iter().map(|row| weekdays.cell(*row, "vs_average_pct").clone()).collect();
    (told.iter().map(short).collect(), if told.is_empty() { Vec::new() } else { vec![values] })
}

/// One row: the change of each measure; null without a baseline.
fn changes(weeks: &Answer) -> Rows {
    let rows: Vec<usize> = (0..weeks.rows.len()).collect();
    let title = |row: &usize| {
        weeks
            .text(*row, "measure")
            .trim_end_matches(" %")
            .trim_end_matches(" rate")
            .trim_start_matches("messages ")
            .to_owned()
    };
    let values = rows.iter().map(|row| round(weeks.cell(*row, "change_pct"), 10.0)).collect();
    (rows.iter().map(title).collect(), if rows.is_empty() { Vec::new() } else { vec![values] })
}

/// The days with the most and the least revenue, where they differ.
fn best_and_worst(days: &Answer) -> String {
    let revenue = |row: &usize| (days.number(*row, "revenue").unwrap_or(0.0) * 100.0).round() as i64;
    // Rows are newest first: of equals the newest.
    let best = (0..days.rows.len()).rev().max_by_key(revenue);
    let worst = (0..days.rows.len()).min_by_key(revenue);
    match (best, worst) {
        (Some(best), Some(worst)) if days.rows.len() == 7 && revenue(&best) > revenue(&worst) => {
            let date =
                |row| short_date("%m-%d", days.cell(row, "from_day")).as_str().unwrap_or_default().to_owned();
            format!("best {}, worst {}", date(best), date(worst))
        }
        _ => String::new(),
    }
}
