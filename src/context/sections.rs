//! The sections of a context, picked from the answers: what a model needs, in the fewest words.

use chrono::{Datelike, NaiveDate};
use serde_json::{Value, json};

use super::Answers;
use super::insight::ENOUGH_CONVERSIONS;
use super::payload::{Section, word};
use crate::output;
use crate::question::decimals::rounded_cell;
use crate::question::{Answer, Question};

/// The sections of an account's context, in the order in which they are read.
pub(super) fn of(answers: &Answers) -> Vec<Section> {
    let period = |name: &str| answers.timeline.only("period", name);
    let (days, weeks, months) = (period("day"), period("week"), period("month"));
    let revenue = ("revenue", "revenue");
    let rates = [("open_rate_pct", "open"), ("click_rate_pct", "click")];
    let timeline = |answer: &Answer, title, form: fn(NaiveDate, NaiveDate) -> String| {
        let columns = [("from_day", title), revenue, rates[0]];
        periods(answer, brief(answer, &columns[..if title == "month" { 2 } else { 3 }]), form)
    };
    let channel = has_several_channels(answers).then_some(("channel", "channel"));
    let with_channel = |first: Names, others: &[Names]| [&[first], channel.as_slice(), others].concat();
    let share = channel.map(|_| ("share_pct", "share%"));
    let compared = [&[("channel", "channel"), revenue], share.as_slice(), &rates].concat();
    let of_rates = [("name", "name"), ("rate", "rate"), ("rate_pct", "%"), ("usual_pct", "usual%")];
    let unusual = with_channel(("date", "date"), &of_rates);
    // With the orders behind a change: one order makes no mover.
    let orders = [("conversions", "orders"), ("conversions_before", "orders before")];
    let moved = [&[("what", "what"), ("change", "change")], &orders[..]].concat();
    let changed = with_channel(("kind", "kind"), &moved);
    let segments = [("segment", "segment"), ("week_change_pct", "week%"), ("snapshot", "snapshot")];
    let forms = [("form", "form"), ("submit_rate_pct", "submit%"), ("views", "views")];
    let mut sections = vec![
        section("days", &highest_and_lowest(&days), 100, timeline(&days, "day", weekday_name)),
        section("weeks", "", 90, timeline(&weeks, "from", week_start)),
        section("months", "", 60, timeline(&months, "month", month_name)),
        section("change", &change_note(&answers.weeks), 85, changes(&answers.weeks)),
        section(
            "channels",
            &cut(&days_of(answers, 30), &answers.channels),
            80,
            brief(&answers.channels, &compared),
        ),
        section("usual", &days_of(answers, 90), 75, usual(&answers.benchmarks)),
        section("weekdays", &weekday_note(&answers.weekdays), 65, weekday_line(&answers.weekdays)),
        section("movers", &cut("7 days", &answers.movers), 55, brief(&answers.movers, &changed)),
        section(
            "unusual",
            &cut("30 days", &answers.anomalies),
            50,
            dates("%m-%d", brief(&named(&answers.anomalies), &unusual)),
        ),
        section("segments", &cut("", &answers.segments), 45, brief(&answers.segments, &segments)),
        section("forms", &cut(&days_of(answers, 30), &answers.forms), 40, compared_forms(answers, &forms)),
    ];
    sections.retain(|section| !section.rows.is_empty());
    sections
}

/// With what happened where nothing has a name.
fn named(anomalies: &Answer) -> Answer {
    let mut named = anomalies.clone();
    let Some(name) = named.columns.iter().position(|column| column == "name") else { return named };
    for row in 0..named.rows.len() {
        if named.text(row, "name").is_empty() {
            named.rows[row][name] = Value::String(named.text(row, "kind").replace('_', " "));
        }
    }
    named
}

/// A note that says how many rows there are where not all are told.
fn cut(note: &str, answer: &Answer) -> String {
    let parts = [(!note.is_empty()).then(|| note.to_owned()), answer.cut()];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// `30 days`, or as many as an account has that began lately. The timeline has every day once.
fn days_of(answers: &Answers, most: i64) -> String {
    let rows = 0..answers.timeline.rows.len();
    let days = rows.filter_map(|row| {
        let day = |name| date(answers.timeline.cell(row, name));
        Some((day("to_day")? - day("from_day")?).num_days() + 1)
    });
    output::counted(days.sum::<i64>().clamp(1, most) as u64, "day")
}

/// Whether the channel has to be named: an account that uses one only need not hear it in every row.
fn has_several_channels(answers: &Answers) -> bool {
    let cells =
        |answer: &Answer| (0..answer.rows.len()).map(|row| answer.text(row, "channel")).collect::<Vec<_>>();
    let all = [&answers.channels, &answers.benchmarks, &answers.movers].map(cells).concat();
    all.iter().any(|channel| *channel != all[0])
}

/// Columns that a question's answer can be read without.
const OMITTED: [(&str, &str); 3] =
    [("campaigns_this_week", "delivered"), ("top_campaigns", "delivered"), ("low_open_rates", "delivered")];
/// Columns that are told once where all rows have the same.
const REPEATED: [&str; 2] = ["channel", "kind"];
/// The rating that rates nothing.
const NO_RATING: &str = "Not Enough Data";
/// Dates that are younger than this do without their year, in days.
const YEAR_KNOWN: i64 = 300;

/// A question's answer, its rows dropped one by one where there is no room.
pub(super) fn of_question(question: &'static Question, answer: &Answer, complete_through: &str) -> Section {
    let is_told = |name: &&String| !OMITTED.contains(&(question.name, name.as_str()));
    let names: Vec<(&str, &str)> =
        answer.columns.iter().filter(is_told).map(|name| (name.as_str(), name.as_str())).collect();
    let shown = answer.clone().rounded(&question.decimals);
    let row =
        |row: usize| names.iter().map(|(name, _)| figure(question, answer, &shown, row, name)).collect();
    let mut rows: Vec<Vec<Value>> = (0..answer.rows.len()).map(row).collect();
    if let Ok(today) = complete_through.parse::<NaiveDate>() {
        rows.iter_mut().flatten().for_each(|cell| *cell = without_year(cell, today));
    }
    let mut columns: Vec<String> = names.iter().map(|(name, _)| name.replace("_pct", "%")).collect();
    let mut note = question.row.trim_start_matches("One row is ").trim_end_matches('.').to_owned();
    note.push_str(&answer.cut().map(|cut| format!("; {cut}")).unwrap_or_default());
    for name in REPEATED {
        if let Some(value) = take_repeated(name, &mut columns, &mut rows) {
            note.push_str(&format!("; {name} of all: {}", word(&value)));
        }
    }
    section(question.name, &note, 100, (columns, rows))
}

/// A cell of a question's answer: rounded once, from the exact value, to no more decimals than `query` shows.
fn figure(question: &Question, exact: &Answer, shown: &Answer, row: usize, name: &str) -> Value {
    let cell = exact.cell(row, name);
    if cell == NO_RATING {
        return Value::Null;
    }
    // Two digits tell an open rate apart from the usual one, and two campaigns' revenue.
    let is_coarse = name.contains("revenue")
        || name.contains("per_1000")
        || question.name == "anomalies"
        || (name == "open_rate_pct" && question.name != "low_open_rates");
    let is_large = cell.as_f64().is_some_and(|number| number.abs() >= if is_coarse { 10.0 } else { 100.0 });
    if is_large { rounded_cell(cell, 0) } else { shown.cell(row, name).clone() }
}

/// Takes a column away whose text is the same in all of several rows, and gives that text.
fn take_repeated(name: &str, columns: &mut Vec<String>, rows: &mut [Vec<Value>]) -> Option<String> {
    let column = columns.iter().position(|column| column == name)?;
    let text = rows.first()?[column].as_str()?.to_owned();
    if rows.len() < 2 || rows.iter().any(|row| row[column] != text) {
        return None;
    }
    columns.remove(column);
    for row in rows {
        row.remove(column);
    }
    Some(text)
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
    Section { name, note: note.to_owned(), worth, columns, rows, rows_left_out: 0 }
}

/// Columns of an answer under shorter names, with every number of 10 and more whole: in an overview the digits after it
/// decide nothing.
fn brief(answer: &Answer, columns: &[Names]) -> Rows {
    let row = |row: usize| columns.iter().map(|(name, _)| round(answer.cell(row, name), 10.0)).collect();
    let rows = (0..answer.rows.len()).map(row).collect();
    (columns.iter().map(|(_, title)| (*title).to_owned()).collect(), rows)
}

/// Whole from a threshold on, else two decimals: once, from the exact value.
fn round(value: &Value, whole_from: f64) -> Value {
    let is_large = value.as_f64().is_some_and(|number| number.abs() >= whole_from);
    rounded_cell(value, if is_large { 0 } else { 2 })
}

/// Forms that enough people saw to say anything.
fn compared_forms(answers: &Answers, names: &[Names]) -> Rows {
    let forms = &answers.forms;
    let is_compared = |row: &usize| forms.number(*row, "vs_average_pct").is_some();
    let rows: Vec<usize> = (0..forms.rows.len()).filter(is_compared).collect();
    let (columns, mut told) = brief(forms, names);
    let mut index = 0..told.len();
    told.retain(|_| index.next().is_some_and(|row| rows.contains(&row)));
    (columns, told)
}

/// The first column's dates in a shorter form.
fn dates(form: &str, (columns, mut rows): Rows) -> Rows {
    for row in &mut rows {
        row[0] = date(&row[0]).map_or(Value::Null, |date| json!(date.format(form).to_string()));
    }
    (columns, rows)
}

fn date(value: &Value) -> Option<NaiveDate> {
    value.as_str()?.parse().ok()
}

/// Each row's first cell as the name of its period, made from the first and the last day.
fn periods(answer: &Answer, (columns, mut rows): Rows, name: fn(NaiveDate, NaiveDate) -> String) -> Rows {
    for (index, row) in rows.iter_mut().enumerate() {
        let (from, to) = (date(answer.cell(index, "from_day")), date(answer.cell(index, "to_day")));
        row[0] = from.zip(to).map_or(Value::Null, |(from, to)| json!(name(from, to)));
    }
    (columns, rows)
}

/// The weekday is enough: the days are the last 7, the newest first, and the header says where they end.
fn weekday_name(day: NaiveDate, _: NaiveDate) -> String {
    day.format("%a").to_string()
}

/// A week's first day; an account's first one may not be whole.
fn week_start(from: NaiveDate, to: NaiveDate) -> String {
    let form = if (to - from).num_days() == 6 { "%m-%d" } else { "%m-%d not whole" };
    from.format(form).to_string()
}

/// A month, or the days of it that are meant: where the weeks begin, and where the account began.
fn month_name(from: NaiveDate, to: NaiveDate) -> String {
    let is_whole = from.day() == 1 && to.succ_opt().is_some_and(|next| next.day() == 1);
    let days = if is_whole { String::new() } else { format!(" {}-{}", from.day(), to.day()) };
    from.format("%b").to_string() + &days
}

/// One row a channel, campaigns and flows side by side.
fn usual(benchmarks: &Answer) -> Rows {
    let rates = ["open_rate_pct", "click_rate_pct"];
    let titles = ["channel", "campaign open", "campaign click", "flow open", "flow click"];
    let mut rows: Vec<Vec<Value>> = Vec::new();
    for row in 0..benchmarks.rows.len() {
        let channel = benchmarks.cell(row, "channel");
        let index = rows.iter().position(|told| told[0] == *channel).unwrap_or_else(|| {
            rows.push(vec![channel.clone(), Value::Null, Value::Null, Value::Null, Value::Null]);
            rows.len() - 1
        });
        let first = if benchmarks.text(row, "kind") == "campaigns" { 1 } else { 3 };
        for (offset, rate) in rates.iter().enumerate() {
            rows[index][first + offset] = round(benchmarks.cell(row, rate), 10.0);
        }
    }
    (titles.map(str::to_owned).to_vec(), rows)
}

/// The channel whose weekdays are told: the first of which any can be compared.
fn compared_weekdays(weekdays: &Answer) -> Vec<usize> {
    let is_compared = |row: &usize| weekdays.number(*row, "vs_other_days_pct").is_some();
    let compared: Vec<usize> = (0..weekdays.rows.len()).filter(is_compared).collect();
    let channel = compared.first().map(|row| weekdays.text(*row, "channel"));
    compared.into_iter().filter(|row| Some(weekdays.text(*row, "channel")) == channel).collect()
}

fn weekday_note(weekdays: &Answer) -> String {
    let compared = compared_weekdays(weekdays);
    let channel = compared.first().map(|row| word(&weekdays.text(*row, "channel"))).unwrap_or_default();
    let stands_out = |row: &usize| matches!(weekdays.text(*row, "stands_out").as_str(), "better" | "worse");
    let days: Vec<String> =
        compared.iter().filter(|row| stands_out(row)).map(|row| weekdays.text(*row, "day")).collect();
    let verdict = if days.is_empty() {
        "no day stands out".to_owned()
    } else {
        format!("only {} stands out", days.join(", "))
    };
    format!("{channel} campaigns per 1000 delivered vs other days %, {verdict}")
}

/// One row: weekdays that have enough campaigns, the best first.
fn weekday_line(weekdays: &Answer) -> Rows {
    let told = compared_weekdays(weekdays);
    let short = |row: &usize| weekdays.text(*row, "day").chars().take(3).collect();
    let values = told.iter().map(|row| rounded_cell(weekdays.cell(*row, "vs_other_days_pct"), 0)).collect();
    (told.iter().map(short).collect(), if told.is_empty() { Vec::new() } else { vec![values] })
}

/// One row: the change of each measure; null without a baseline.
fn changes(weeks: &Answer) -> Rows {
    // The rate of conversion says it, without the number of messages in it.
    let is_told = |row: &usize| weeks.text(*row, "measure") != "conversions";
    let rows: Vec<usize> = (0..weeks.rows.len()).filter(is_told).collect();
    let title = |row: &usize| {
        weeks
            .text(*row, "measure")
            .trim_end_matches(" %")
            .trim_end_matches(" rate")
            .trim_start_matches("messages ")
            .to_owned()
    };
    let values: Vec<Value> = rows.iter().map(|row| round(weeks.cell(*row, "change_pct"), 10.0)).collect();
    // An account that began lately has no 7 days before.
    let is_empty = values.iter().all(Value::is_null);
    (rows.iter().map(title).collect(), if is_empty { Vec::new() } else { vec![values] })
}

/// What the changes stand on, where that is little.
fn change_note(weeks: &Answer) -> String {
    let note = "relative %, vs 7 days before".to_owned();
    let orders = weeks.find("measure", "conversions");
    let number = |column| orders.and_then(|row| weeks.number(row, column));
    match number("last_7_days").zip(number("previous_7_days")) {
        Some((now, before)) if now.min(before) < ENOUGH_CONVERSIONS => {
            format!("{note}, by few orders: {now:.0} after {before:.0}")
        }
        _ => note,
    }
}

/// The days with the most and with the least revenue, where there is one such day. The newest still grow: none is good or
/// bad.
fn highest_and_lowest(days: &Answer) -> String {
    let cents = |row: usize| (days.number(row, "revenue").unwrap_or(0.0) * 100.0).round() as i64;
    let name = |row| date(days.cell(row, "from_day")).map(|day| weekday_name(day, day)).unwrap_or_default();
    let rows = 0..days.rows.len();
    let mut note = "newest first".to_owned();
    for (title, wanted) in
        [("highest", rows.clone().map(cents).max()), ("lowest", rows.clone().map(cents).min())]
    {
        let found: Vec<usize> = rows.clone().filter(|row| Some(cents(*row)) == wanted).collect();
        if let (&[row], 7) = (&found[..], rows.len()) {
            note.push_str(&format!(", {title} {}", name(row)));
        }
    }
    note
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_all_rows_share_is_taken_out_of_them() {
        let columns = || vec!["flow".to_owned(), "channel".to_owned()];
        let mut told = columns();
        let mut rows = vec![vec![json!("a"), json!("sms")], vec![json!("b"), json!("sms")]];
        assert_eq!(take_repeated("channel", &mut told, &mut rows).as_deref(), Some("sms"));
        assert_eq!((told, rows), (vec!["flow".to_owned()], vec![vec![json!("a")], vec![json!("b")]]));
        for mut rows in [
            vec![vec![json!("a"), json!("sms")]],
            vec![vec![json!("a"), json!("sms")], vec![json!("b"), json!("push")]],
        ] {
            let before = rows.clone();
            assert_eq!(take_repeated("channel", &mut columns(), &mut rows), None);
            assert_eq!(rows, before);
        }
    }

    #[test]
    fn periods_that_are_not_whole_say_so() {
        let day = |text: &str| text.parse::<NaiveDate>().expect("a date");
        assert_eq!(month_name(day("2024-02-01"), day("2024-02-29")), "Feb");
        assert_eq!(month_name(day("2024-02-01"), day("2024-02-28")), "Feb 1-28");
        assert_eq!(month_name(day("2024-02-02"), day("2024-02-29")), "Feb 2-29");
        assert_eq!(week_start(day("2024-02-26"), day("2024-03-03")), "02-26");
        assert_eq!(week_start(day("2024-02-27"), day("2024-03-03")), "02-27 not whole");
    }

    #[test]
    fn only_one_day_is_the_highest_or_the_lowest() {
        let days = |revenue: [i32; 7]| Answer {
            columns: vec!["from_day".to_owned(), "revenue".to_owned()],
            rows: (0..7)
                .map(|day| vec![json!(format!("2024-03-0{}", 9 - day)), json!(revenue[day])])
                .collect(),
            ..Answer::default()
        };
        // 9 March 2024 is a Saturday.
        assert_eq!(highest_and_lowest(&days([9, 2, 3, 4, 5, 6, 1])), "newest first, highest Sat, lowest Sun");
        assert_eq!(highest_and_lowest(&days([0, 0, 3, 4, 5, 0, 0])), "newest first, highest Tue");
        assert_eq!(highest_and_lowest(&days([7; 7])), "newest first");
    }
}
