//! The figures at the head of a page, each beside its change.

use maud::{Markup, html};
use serde_json::Value;

use super::asked::Asked;
use super::{Period, Report, chart, figure};

/// A figure: its title, where it stands in the answer, and how it is written.
struct Tile {
    title: &'static str,
    row: usize,
    column: &'static str,
    change: Option<&'static str>,
    form: Form,
}

#[derive(Clone, Copy)]
enum Form {
    Money,
    Count,
    Percent(usize),
}

/// Measures of `week_against_week`.
const WEEK: [(&str, &str, Form); 6] = [
    ("revenue", "Revenue", Form::Money),
    ("conversions", "Orders", Form::Count),
    ("messages sent", "Messages sent", Form::Count),
    ("revenue per 1000", "Per 1,000 messages", Form::Money),
    ("open rate %", "Opened", Form::Percent(1)),
    ("click rate %", "Clicked", Form::Percent(2)),
];
/// Columns of `stores_compared`.
const MONTH: [(&str, &str, Form); 4] = [
    ("revenue", "Revenue", Form::Money),
    ("delivered", "Messages delivered", Form::Count),
    ("open_rate_pct", "Opened", Form::Percent(1)),
    ("click_rate_pct", "Clicked", Form::Percent(2)),
];

fn tiles(report: &Report) -> Option<(&Asked, Vec<Tile>)> {
    Some(match report.period {
        Period::Week => {
            let asked = report.answers.get("week_against_week")?;
            (asked, WEEK.into_iter().filter_map(|wanted| of_week(asked, wanted)).collect())
        }
        Period::Month => (report.answers.get("stores_compared")?, MONTH.map(of_month).into()),
    })
}

/// Title, figure and change of each, as text.
pub fn in_words(report: &Report) -> Vec<[String; 3]> {
    let Some((asked, tiles)) = tiles(report) else { return Vec::new() };
    let words = |tile: &Tile| {
        let figure = asked.answer.number(tile.row, tile.column).map(|number| tile.form.write(report, number));
        let change = tile.change.and_then(|column| asked.answer.number(tile.row, column));
        let change = change.map(|change| format!("{} {}", arrow(change).1, figure::change(change, 1)));
        [tile.title.to_owned(), figure.unwrap_or_else(|| "no data".to_owned()), change.unwrap_or_default()]
    };
    tiles.iter().map(words).collect()
}

/// The figures of the report's period.
pub fn write(report: &Report) -> Option<Markup> {
    let (asked, tiles) = tiles(report)?;
    Some(html! {
        dl class="tiles" data-question=(asked.question.name) data-parameters=(asked.parameters()) {
            @for tile in &tiles { (told(report, asked, tile)) }
        }
    })
}

/// The revenue of the period and its change.
pub fn revenue(report: &Report) -> (Option<f64>, Option<f64>) {
    let found = || match report.period {
        Period::Week => {
            let asked = report.answers.get("week_against_week")?;
            of_week(asked, WEEK[0]).map(|tile| (asked, tile))
        }
        Period::Month => Some((report.answers.get("stores_compared")?, of_month(MONTH[0]))),
    };
    let Some((asked, tile)) = found() else { return (None, None) };
    let number = |column: &str| asked.answer.number(tile.row, column);
    (number(tile.column), tile.change.and_then(number))
}

fn of_week(asked: &Asked, (measure, title, form): (&str, &'static str, Form)) -> Option<Tile> {
    let row = asked.answer.find("measure", measure)?;
    Some(Tile { title, row, column: "last_7_days", change: Some("change_pct"), form })
}

fn of_month((column, title, form): (&'static str, &'static str, Form)) -> Tile {
    Tile { title, row: 0, column, change: (column == "revenue").then_some("change_pct"), form }
}

fn told(report: &Report, asked: &Asked, tile: &Tile) -> Markup {
    let cell = asked.answer.cell(tile.row, tile.column);
    let change = tile.change.map(|column| (column, asked.answer.cell(tile.row, column)));
    html! {
        div {
            dt { (tile.title) }
            dd class="large" { (value(tile.row, tile.column, cell, |number| tile.form.write(report, number))) }
            @if let Some((column, cell)) = change {
                dd class="change" {
                    @if cell.is_null() { span class="none" { "nothing to compare with" } }
                    @else {
                        @let (class, sign) = arrow(cell.as_f64().unwrap_or_default());
                        span class=(class) aria-hidden="true" { (sign) } " "
                        (value(tile.row, column, cell, |number| figure::change(number, 1)))
                        " " (report.period.before())
                    }
                }
            }
            @if tile.title == "Revenue" && report.period == Period::Week {
                dd class="change" { (orders(asked, tile.row)) }
            }
            @if tile.title == "Revenue" && let Some(spark) = by_day(report) { dd { (spark) } }
        }
    }
}

/// What a change of revenue stands on: a handful of orders goes up and down by itself.
fn orders(asked: &Asked, row: usize) -> Markup {
    let number =
        |column: &str| value(row, column, asked.answer.cell(row, column), |count| figure::plain(count, 0));
    html! { (number("out_of")) " orders" @if !asked.answer.cell(row, "out_of_before").is_null() {
        " after " (number("out_of_before"))
    } }
}

/// The last days, one by one.
fn by_day(report: &Report) -> Option<Markup> {
    let days = report.answers.get("timeline")?.answer.only("period", "day");
    let mut values: Vec<Option<f64>> = (0..days.rows.len()).map(|row| days.number(row, "revenue")).collect();
    values.reverse();
    Some(chart::sparkline(&values))
}

/// The sign says what colour alone would not.
fn arrow(change: f64) -> (&'static str, &'static str) {
    match change {
        change if change >= 0.05 => ("up", "▲"),
        change if change <= -0.05 => ("down", "▼"),
        _ => ("same", "■"),
    }
}

fn value(row: usize, column: &str, cell: &Value, write: impl Fn(f64) -> String) -> Markup {
    match cell.as_f64() {
        Some(number) => html! { data data-row=(row) data-column=(column) value=(cell) { (write(number)) } },
        None => html! { span class="none" { "no data" } },
    }
}

impl Form {
    fn write(self, report: &Report, value: f64) -> String {
        match self {
            Form::Money => report.money.write(value, report.money.decimals(value.abs())),
            Form::Count => figure::plain(value, 0),
            Form::Percent(decimals) => format!("{}\u{a0}%", figure::plain(value, decimals)),
        }
    }
}

impl Period {
    /// What the period is compared with.
    pub fn before(self) -> &'static str {
        match self {
            Period::Week => "on the 7 days before",
            Period::Month => "on the 30 days before",
        }
    }
}
