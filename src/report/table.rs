//! Tables of answers. Each says from which question it is, asked how, and every figure carries its exact value: so that
//! a test, or a curious client, can compare it with `aiviews query`.

use chrono::NaiveDate;
use maud::{Markup, html};
use serde_json::Value;

use super::Report;
use super::asked::Asked;
use super::chart;
use super::figure;
use super::words;

/// How a column's cells are written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A name from the data.
    Name,
    /// A word of Klaviyo's or ours.
    Word,
    /// Money, and with a bar beside it.
    Money,
    /// Money with a bar.
    MoneyBar,
    /// A gain or loss of money, with a bar.
    Gain,
    /// A count.
    Count,
    /// Percent or a rate, with so many decimals.
    Percent(usize),
    /// A plain figure with so many decimals.
    Plain(usize),
    /// A change in percent, with so many decimals.
    Change(usize),
    /// A day.
    Day,
    /// A month.
    Month,
}

/// A column: its name in the answer, its title, its kind.
pub type Heading = (&'static str, &'static str, Kind);

/// Columns that a telephone leaves out: they say less than the others, and print and wider screens have them.
const LESS: [&str; 12] = [
    "delivered",
    "open_rate_pct",
    "share_pct",
    "sent_on",
    "usual_per_1000",
    "views",
    "month_change_pct",
    "revenue_before",
    "previous_7_days",
    "half_from_per_1000",
    "half_to_per_1000",
    "already_in",
];

/// The table of an answer.
pub fn table(report: &Report, asked: &Asked, caption: &str, headings: &[Heading]) -> Markup {
    let rows = 0..asked.answer.rows.len();
    let columns: Vec<Column> = headings.iter().map(|heading| Column::new(report, asked, *heading)).collect();
    html! {
        div class="scroll" tabindex="0" role="region" aria-label=(asked.question.question) {
            table data-question=(asked.question.name) data-parameters=(asked.parameters()) {
                caption { (caption) }
                thead { tr {
                    @for (index, column) in columns.iter().enumerate() {
                        th scope="col" class=[column.class()]
                            data-column=(headings[index].0) { (column.title) }
                    }
                } }
                tbody { @for row in rows { tr {
                    @for (index, column) in columns.iter().enumerate() {
                        @if index == 0 { th scope="row" { (column.cell(row)) } }
                        @else { td class=[column.class()] { (column.cell(row)) } }
                    }
                } } }
            }
        }
        @if let Some(cut) = asked.answer.cut() { p class="note" { (cut) "." } }
    }
}

/// Titles of columns, each with whether it is of figures, and the cells of rows.
pub type Words = (Vec<(&'static str, bool)>, Vec<Vec<String>>);

/// The same table in words, for where neither marks nor bars are to be had.
pub fn in_words(report: &Report, asked: &Asked, headings: &[Heading]) -> Words {
    let columns: Vec<Column> = headings.iter().map(|heading| Column::new(report, asked, *heading)).collect();
    let titles = columns.iter().map(|column| (column.title, column.is_figure())).collect();
    let cells = |row| columns.iter().map(|column| column.words(row)).collect();
    (titles, (0..asked.answer.rows.len()).map(cells).collect())
}

struct Column<'a> {
    report: &'a Report,
    asked: &'a Asked,
    name: &'static str,
    title: &'static str,
    kind: Kind,
    /// The greatest figure's size.
    greatest: f64,
}

impl Column<'_> {
    fn new<'a>(report: &'a Report, asked: &'a Asked, (name, title, kind): Heading) -> Column<'a> {
        let figures = (0..asked.answer.rows.len()).filter_map(|row| asked.answer.number(row, name));
        let greatest = figures.map(f64::abs).fold(0.0, f64::max);
        Column { report, asked, name, title, kind, greatest }
    }

    fn class(&self) -> Option<&'static str> {
        match (self.is_figure(), LESS.contains(&self.name)) {
            (true, true) => Some("figure less"),
            (true, false) => Some("figure"),
            (false, true) => Some("less"),
            (false, false) => None,
        }
    }

    fn is_figure(&self) -> bool {
        !matches!(self.kind, Kind::Name | Kind::Word | Kind::Day | Kind::Month)
    }

    fn cell(&self, row: usize) -> Markup {
        let cell = self.asked.answer.cell(row, self.name);
        match (cell, self.kind) {
            (Value::Null, _) => html! { span class="none" title="nothing to tell" { "–" } },
            (Value::Number(number), kind) => {
                let value = number.as_f64().unwrap_or_default();
                html! {
                    data value=(number) { (self.figure(value)) }
                    @match kind {
                        Kind::MoneyBar => { (chart::bar(value, self.greatest)) }
                        Kind::Gain => { (chart::change_bar(value, self.greatest)) }
                        _ => {}
                    }
                }
            }
            (Value::String(text), Kind::Day | Kind::Month) => self.date(text),
            (Value::String(text), Kind::Name) if text == "all campaigns" => html! { "All campaigns" },
            (Value::String(text), Kind::Name) => html! { bdi { (words::name(text)) } },
            (Value::String(text), _) => html! { bdi { (words::word(text)) } },
            (other, _) => html! { (other) },
        }
    }

    fn words(&self, row: usize) -> String {
        match (self.asked.answer.cell(row, self.name), self.kind) {
            (Value::Number(number), _) => self.figure(number.as_f64().unwrap_or_default()),
            (Value::String(text), Kind::Day | Kind::Month) => {
                self.day(text).unwrap_or_else(|| words::name(text))
            }
            (Value::String(text), Kind::Name) => words::name(text),
            (Value::String(text), _) => words::word(text),
            _ => "–".to_owned(),
        }
    }

    fn figure(&self, value: f64) -> String {
        let money = &self.report.money;
        match self.kind {
            Kind::Money | Kind::MoneyBar => money.write(value, money.decimals(self.greatest)),
            Kind::Gain => {
                let plus = if value > 0.0 { "+" } else { "" };
                format!("{plus}{}", money.write(value, money.decimals(self.greatest)))
            }
            Kind::Percent(decimals) => format!("{}\u{a0}%", figure::plain(value, decimals)),
            Kind::Plain(decimals) => figure::plain(value, decimals),
            Kind::Change(decimals) => figure::change(value, decimals),
            _ => figure::plain(value, 0),
        }
    }

    fn date(&self, text: &str) -> Markup {
        match self.day(text) {
            Some(day) => html! { time datetime=(text) { (day) } },
            None => html! { (words::name(text)) },
        }
    }

    fn day(&self, text: &str) -> Option<String> {
        let date: NaiveDate = text.parse().or_else(|_| format!("{text}-01").parse()).ok()?;
        Some(date.format(if self.kind == Kind::Month { "%B %Y" } else { "%-d %b %Y" }).to_string())
    }
}
