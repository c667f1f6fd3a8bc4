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
    let dated =
        |answer: &Answer, first: (&'static str, &'static str), others: &[(&'static str, &'static str)]| {
            pick(answer, &[&[first], others].concat())
        };
    let sums = [("revenue", "revenue"), ("delivered", "delivered")];
    let mut sections = vec![
        section(
            "days",
            "last 7 days",
            100,
            with_weekday(dated(&days, ("from_day", "date"), &[sums, rates].concat())),
        ),
        section("best_worst", "of these", 70, best_and_worst(&days)),
        section(
            "weeks",
            "the 4 before, by first day",
            90,
            dated(&weeks, ("from_day", "from"), &[sums, rates].concat()),
        ),
        section("months", "before the weeks", 60, by_month(pick(&months, &[("from_day", "month"), sums[0]]))),
        section(
            "change",
            "last 7 days against the 7 before",
            85,
            pick(
                &answers.weeks,
                &[
                    ("measure", "measure"),
                    ("last_7_days", "now"),
                    ("days_before", "before"),
                    ("change_pct", "change%"),
                ],
            ),
        ),
        section(
            "channels",
            "30 days",
            80,
            pick(
                &answers.channels,
                &[
                    ("channel", "channel"),
                    ("revenue", "revenue"),
                    ("share_pct", "share%"),
                    rates[0],
                    rates[1],
                    ("revenue_per_1000", "revenue_per_1000"),
                ],
            ),
        ),
        section(
            "usual",
            "your averages, 90 days",
            75,
            pick(
                &answers.benchmarks,
                &[
                    ("kind", "kind"),
                    ("channel", "channel"),
                    rates[0],
                    rates[1],
                    ("revenue_per_send", "revenue_per_send"),
                ],
            ),
        ),
        section(
            "weekdays",
            "campaign revenue per send, 90 days",
            65,
            short_days(pick(
                &answers.weekdays,
                &[
                    ("day", "day"),
                    ("sends", "sends"),
                    ("revenue_per_send", "revenue"),
                    ("vs_average_pct", "vs_average%"),
                ],
            )),
        ),
        section(
            "movers",
            "revenue, last 7 days against the 7 before",
            55,
            pick(&answers.movers, &[("what", "what"), ("channel", "channel"), ("change", "change")]),
        ),
        section(
            "unusual",
            "rates far off your usual, 30 days",
            50,
            pick(
                &answers.anomalies,
                &[
                    ("date", "date"),
                    ("name", "name"),
                    ("rate", "rate"),
                    ("rate_pct", "%"),
                    ("average_pct", "average%"),
                ],
            ),
        ),
        section(
            "segments",
            "members",
            45,
            pick(
                &answers.segments,
                &[("segment", "segment"), ("members", "members"), ("week_change_pct", "week%")],
            ),
        ),
        section(
            "forms",
            "30 days",
            40,
            pick(&answers.forms, &[("form", "form"), ("views", "views"), ("submit_rate_pct", "submit%")]),
        ),
    ];
    sections.retain(|section| !section.rows.is_empty());
    sections
}

/// A question's answer, its rows dropped one by one where there is no room.
pub(super) fn of_question(question: &'static Question, answer: &Answer) -> Section {
    let names: Vec<(&str, &str)> = answer.columns.iter().map(|name| (name.as_str(), name.as_str())).collect();
    let (_, rows) = pick(answer, &names);
    let columns = answer.columns.iter().map(|name| name.replace("_pct", "%")).collect();
    let note = question.row.trim_start_matches("One row is ").trim_end_matches('.').to_owned();
    Section { trims_rows: true, ..section(question.name, &note, 100, (columns, rows)) }
}

type Rows = (Vec<String>, Vec<Vec<Value>>);

fn section(name: &'static str, note: &str, worth: u8, (columns, rows): Rows) -> Section {
    Section { name, note: note.to_owned(), worth, trims_rows: false, columns, rows, rows_left_out: 0 }
}

/// Columns of an answer under shorter names, their numbers without digits that nobody reads.
fn pick(answer: &Answer, columns: &[(&str, &str)]) -> Rows {
    let row = |row: usize| columns.iter().map(|(name, _)| short(answer.cell(row, name))).collect();
    let rows = (0..answer.rows.len()).map(row).collect();
    (columns.iter().map(|(_, title)| (*title).to_owned()).collect(), rows)
}

/// Whole from 100 on: cents of a thousand cost tokens and decide nothing.
fn short(value: &Value) -> Value {
    match value.as_f64() {
        Some(number) if !value.is_i64() && number.abs() >= 100.0 => json!(number.round() as i64),
        Some(number) if !value.is_i64() => {
            Number::from_f64((number * 100.0).round() / 100.0).map_or(Value::Null, Value::Number)
        }
        _ => value.clone(),
    }
}

fn date(value: &Value) -> Option<NaiveDate> {
    value.as_str()?.parse().ok()
}

/// `2026-11-20` as `11-20 Fri`.
fn with_weekday((columns, mut rows): Rows) -> Rows {
    for row in &mut rows {
        row[0] = date(&row[0]).map_or(Value::Null, |date| json!(date.format("%m-%d %a").to_string()));
    }
    (columns, rows)
}

/// `2026-11-01` as `2026-11`.
fn by_month((columns, mut rows): Rows) -> Rows {
    for row in &mut rows {
        row[0] = date(&row[0]).map_or(Value::Null, |date| json!(date.format("%Y-%m").to_string()));
    }
    (columns, rows)
}

/// `Friday` as `Fri`.
fn short_days((columns, mut rows): Rows) -> Rows {
    for row in &mut rows {
        row[0] = json!(row[0].as_str().unwrap_or_default().chars().take(3).collect::<String>());
    }
    (columns, rows)
}

/// The days with the most and the least revenue, where they differ.
fn best_and_worst(days: &Answer) -> Rows {
    let revenue = |row: &usize| (days.number(*row, "revenue").unwrap_or(0.0) * 100.0).round() as i64;
    let row = |kind: &str, row: usize| {
        vec![
            json!(kind),
            date(days.cell(row, "from_day"))
                .map_or(Value::Null, |date| json!(date.format("%m-%d %a").to_string())),
        ]
    };
    // Rows are newest first: of equals the newest.
    let best = (0..days.rows.len()).rev().max_by_key(revenue);
    let worst = (0..days.rows.len()).min_by_key(revenue);
    let rows = match (best, worst) {
        (Some(best), Some(worst)) if days.rows.len() == 7 && revenue(&best) > revenue(&worst) => {
            vec![row("best", best), row("worst", worst)]
        }
        _ => Vec::new(),
    };
    (vec!["kind".to_owned(), "date".to_owned()], rows)
}
