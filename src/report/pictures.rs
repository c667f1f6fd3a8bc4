//! The charts of a report, drawn from its answers.

use anyhow::Result;
use chrono::{Months, NaiveDate};

use super::asked::{Asked, Wanted};
use super::chart::{Band, Bar, Bars, Chart, Column, Columns, Dot, Dots, WIDTHS};
use super::{Report, figure, words};
use crate::question::Answer;

/// What a chart is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// Revenue by week.
    Weeks,
    /// Revenue by month.
    Months,
    /// What weekdays earn.
    Weekdays,
    /// Revenue by channel.
    Channels,
    /// Revenue by flow.
    Flows,
    /// How segments grow.
    Segments,
    /// How forms convert.
    Forms,
}

/// A chart as an image.
pub struct Picture {
    /// Its title.
    pub title: String,
    /// What is seen, for who cannot see it.
    pub told: String,
    /// The image.
    pub png: Vec<u8>,
}

impl Subject {
    /// Every subject.
    pub const ALL: [Subject; 7] = [
        Subject::Weeks,
        Subject::Months,
        Subject::Weekdays,
        Subject::Channels,
        Subject::Flows,
        Subject::Segments,
        Subject::Forms,
    ];

    /// What a chatbot calls it.
    pub fn name(self) -> &'static str {
        match self {
            Subject::Weeks => "weeks",
            Subject::Months => "months",
            Subject::Weekdays => "weekdays",
            Subject::Channels => "channels",
            Subject::Flows => "flows",
            Subject::Segments => "segments",
            Subject::Forms => "forms",
        }
    }

    /// What has to be asked for it alone.
    pub(super) fn wanted(self) -> &'static [Wanted] {
        match self {
            Subject::Weeks => &[("weekly_revenue", &[]), ("revenue_outlook", &[])],
            Subject::Months => &[("monthly_history", &[]), ("revenue_outlook", &[])],
            Subject::Weekdays => &[("best_day_to_send", &[])],
            Subject::Channels => &[("channels_compared", &[])],
            Subject::Flows => &[("flows_by_revenue", &[("limit", "8")])],
            Subject::Segments => &[("segments", &[])],
            Subject::Forms => &[("forms", &[])],
        }
    }

    fn title(self, report: &Report) -> String {
        let days = |question: &str| match report.answers.get(question).map(|asked| asked.parameters()) {
            Some(parameters) if parameters.contains("days=7") => "last 7 days",
            _ => "last 30 days",
        };
        match self {
            Subject::Weeks => "Revenue by week".to_owned(),
            Subject::Months => "Revenue by month".to_owned(),
            Subject::Weekdays => "Revenue per 1,000 messages by weekday of sending".to_owned(),
            Subject::Channels => format!("Revenue by channel, {}", days("channels_compared")),
            Subject::Flows => format!("Revenue by flow, {}", days("flows_by_revenue")),
            Subject::Segments => "Segments: change in a week".to_owned(),
            Subject::Forms => "Sign-up forms: sign-ups per 100 views, last 30 days".to_owned(),
        }
    }

    /// Draws it; none where there is nothing to draw.
    pub fn draw(self, report: &Report, width: f64) -> Option<Chart> {
        match self {
            Subject::Weeks => weeks(report, width),
            Subject::Months => months(report, width),
            Subject::Weekdays => weekdays(report, width),
            Subject::Channels => bars(report, self, ("channels_compared", "channel", "revenue"), width),
            Subject::Flows => bars(report, self, ("flows_by_revenue", "flow", "revenue"), width),
            Subject::Segments => bars(report, self, ("segments", "segment", "week_change_pct"), width),
            Subject::Forms => bars(report, self, ("forms", "form", "submit_rate_pct"), width),
        }
    }

    /// The chart below its title, as wide as on a desktop.
    pub(super) fn titled(self, report: &Report) -> Option<Chart> {
        Some(self.draw(report, WIDTHS[0].1)?.titled(&self.title(report)))
    }

    /// The chart as an image, a unit being so many pixels.
    pub fn picture(self, report: &Report, scale: f32) -> Result<Option<Picture>> {
        let Some(chart) = self.titled(report) else { return Ok(None) };
        Ok(Some(Picture { title: self.title(report), png: chart.png(scale)?, told: chart.told }))
    }
}

/// Revenue of weeks, campaigns and flows on each other, and the 7 days to come.
fn weeks(report: &Report, width: f64) -> Option<Chart> {
    let answer = &report.answers.get("weekly_revenue")?.answer;
    let mut columns: Vec<Column> =
        (0..answer.rows.len()).rev().filter_map(|row| week(report, answer, row)).collect();
    let told = told("week", &columns)?;
    if let Some((start, band)) = expected(report, "next_7_days") {
        columns.push(to_come(start.format("%-d %b").to_string(), band));
    }
    Some(stacked(report, told, columns, width))
}

fn week(report: &Report, answer: &Answer, row: usize) -> Option<Column> {
    let start: NaiveDate = answer.text(row, "week_from").parse().ok()?;
    Some(Column {
        label: start.format("%-d %b").to_string(),
        parts: parts(answer, row),
        is_open: report.grows_after(start + chrono::Days::new(6)),
        band: None,
    })
}

/// Revenue of months. One without a row has no data, which is not zero.
fn months(report: &Report, width: f64) -> Option<Chart> {
    let answer = &report.answers.get("monthly_history")?.answer;
    let start = |row: usize| format!("{}-01", answer.text(row, "month")).parse::<NaiveDate>().ok();
    let (first, last) = (start(answer.rows.len().checked_sub(1)?)?, start(0)?);
    let this_month = expected(report, "this_month");
    let calendar = std::iter::successors(Some(first), |month| month.checked_add_months(Months::new(1)))
        .take_while(|month| *month <= last);
    let column = |month: NaiveDate| {
        let row = answer.find("month", &month.format("%Y-%m").to_string());
        Column {
            label: month.format("%b").to_string(),
            parts: row.and_then(|row| parts(answer, row)),
            is_open: report.grows_after(month + Months::new(1) - chrono::Days::new(1)),
            band: this_month.filter(|(start, _)| *start == month).map(|(_, band)| band),
        }
    };
    let mut columns: Vec<Column> = calendar.map(column).collect();
    let told = told("month", &columns)?;
    if let Some((start, band)) = expected(report, "next_month") {
        columns.push(to_come(start.format("%b").to_string(), band));
    }
    Some(stacked(report, told, columns, width))
}

fn parts(answer: &Answer, row: usize) -> Option<Vec<f64>> {
    ["campaign_revenue", "flow_revenue"].map(|part| answer.number(row, part)).into_iter().collect()
}

fn told(unit: &str, columns: &[Column]) -> Option<String> {
    let (first, last) = (&columns.first()?.label, &columns.last()?.label);
    Some(format!(
        "Revenue per {unit} of campaigns and flows, from {first} to {last}; the table below has the figures"
    ))
}

fn stacked(report: &Report, told: String, columns: Vec<Column>, width: f64) -> Chart {
    let write = |value: f64| report.money.write_short(value);
    Columns { told, parts: &["Campaigns", "Flows"], columns, write: &write }.draw(width)
}

fn to_come(label: String, band: Band) -> Column {
    Column { label, parts: Some(Vec::new()), is_open: false, band: Some(band) }
}

/// What a period of the whole account is expected to earn, and its first day.
fn expected(report: &Report, period: &str) -> Option<(NaiveDate, Band)> {
    let answer = report.answers.get("revenue_outlook")?.answer.only("channel", "all");
    let row = answer.find("period", period)?;
    let number = |column: &str| answer.number(row, column);
    let band = Band { lower: number("lower_80")?, middle: number("expected")?, upper: number("upper_80")? };
    Some((answer.text(row, "from_day").parse().ok()?, band))
}

impl Report {
    /// Whether orders are still coming in for messages of this day.
    fn grows_after(&self, day: NaiveDate) -> bool {
        let settled: Option<NaiveDate> = self.context.settled_through.parse().ok();
        settled.is_none_or(|settled| day > settled)
    }

    /// The charts of the page as images, each below its title, a unit being so many pixels.
    pub fn pictures(&self, scale: f32) -> Result<Vec<Picture>> {
        let drawn = self.subjects().into_iter().map(|subject| subject.picture(self, scale));
        Ok(drawn.collect::<Result<Vec<_>>>()?.into_iter().flatten().collect())
    }
}

/// Rows of an answer as bars: the question, the column of names, the column of figures.
fn bars(report: &Report, subject: Subject, of: (&str, &str, &str), width: f64) -> Option<Chart> {
    let (question, names, values) = of;
    let answer = &report.answers.get(question)?.answer;
    let greatest = (0..answer.rows.len()).filter_map(|row| answer.number(row, values)).fold(0.0, f64::max);
    let figure = |value: f64| match subject {
        Subject::Segments => figure::change(value, 1),
        Subject::Forms => format!("{}\u{a0}%", figure::plain(value, 2)),
        _ => report.money.write(value, report.money.decimals(greatest)),
    };
    let bar = |row: usize| {
        let (name, value) = (answer.text(row, names), answer.number(row, values)?);
        let label = if subject == Subject::Channels { words::word(&name) } else { words::name(&name) };
        Some(Bar { label, value, figure: figure(value) })
    };
    let bars: Vec<Bar> = (0..answer.rows.len()).filter_map(bar).collect();
    let title = subject.title(report);
    (!bars.is_empty()).then(|| Bars { told: title, bars }.draw(width))
}

/// The channel whose weekdays are told: the one with the most campaigns.
pub fn weekday_channel(asked: &Asked) -> String {
    asked.answer.text(0, "channel")
}

/// What weekdays of the most used channel earn per 1,000 messages.
fn weekdays(report: &Report, width: f64) -> Option<Chart> {
    const DAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
    let asked = report.answers.get("best_day_to_send")?;
    let answer = asked.answer.only("channel", &weekday_channel(asked));
    let dot = |day: &str| {
        let row = answer.find("day", day)?;
        let sends = answer.number(row, "sends")?;
        Some(Dot {
            label: day.to_owned(),
            value: answer.number(row, "revenue_per_1000")?,
            half: answer.number(row, "half_from_per_1000").zip(answer.number(row, "half_to_per_1000")),
            note: if sends == 1.0 { "1 campaign".to_owned() } else { format!("{sends} campaigns") },
            is_firm: answer.number(row, "vs_other_days_pct").is_some(),
        })
    };
    let dots: Vec<Dot> = DAYS.into_iter().filter_map(dot).collect();
    let told = format!(
        "Revenue per 1,000 messages of {} campaigns by weekday; the table below has the figures",
        words::inside(&weekday_channel(asked))
    );
    let write = |value: f64| report.money.write_short(value);
    let (half_is, hollow_is) = ("half of the campaigns", "too few to compare");
    (!dots.is_empty()).then(|| Dots { told, dots, write: &write, half_is, hollow_is }.draw(width))
}
