//! The charts of a report, drawn from its answers.

use chrono::NaiveDate;

use super::Report;
use super::asked::Asked;
use super::chart::{Chart, Column, Columns, Dot, Dots};
use super::words;
use crate::question::Answer;

/// Revenue of weeks or of months, campaigns and flows on each other.
pub fn revenue(report: &Report, width: f64) -> Option<Chart> {
    let (asked, column, form) = match report.answers.get("weekly_revenue") {
        Some(asked) => (asked, "week_from", "%-d %b"),
        None => (report.answers.get("monthly_history")?, "month", "%b"),
    };
    let answer = &asked.answer;
    let rows = (0..answer.rows.len()).rev();
    let columns: Vec<Column> = rows.map(|row| period(report, answer, row, column, form)).collect();
    let write = |value: f64| report.money.write_short(value);
    let (first, last) = (columns.first()?.label.clone(), columns.last()?.label.clone());
    let unit = if column == "month" { "month" } else { "week" };
    let told = format!(
        "Revenue per {unit} of campaigns and flows, from {first} to {last}; the table below has the figures"
    );
    Some(Columns { told, parts: &["Campaigns", "Flows"], columns, write: &write }.draw(width))
}

fn period(report: &Report, answer: &Answer, row: usize, column: &str, form: &str) -> Column {
    let text = answer.text(row, column);
    let start: Option<NaiveDate> = text.parse().or_else(|_| format!("{text}-01").parse()).ok();
    let label = start.map_or(text, |start| start.format(form).to_string());
    let parts = ["campaign_revenue", "flow_revenue"].map(|part| answer.number(row, part));
    let end = start.map(|start| match column {
        "month" => start + chrono::Months::new(1) - chrono::Days::new(1),
        _ => start + chrono::Days::new(6),
    });
    let settled: Option<NaiveDate> = report.context.settled_through.parse().ok();
    Column {
        label,
        parts: parts.into_iter().collect(),
        is_open: end.zip(settled).is_none_or(|(end, settled)| end > settled),
    }
}

/// The channel whose weekdays are told: the one with the most campaigns.
pub fn weekday_channel(asked: &Asked) -> String {
    asked.answer.text(0, "channel")
}

/// What weekdays of the most used channel earn per 1,000 messages.
pub fn weekdays(report: &Report, width: f64) -> Option<Chart> {
    const DAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
    let asked = report.answers.get("best_day_to_send")?;
    let answer = asked.answer.only("channel", &weekday_channel(asked));
    let dot = |day: &str| {
        let row = answer.find("day", day)?;
        let sends = answer.number(row, "sends")?;
        Some(Dot {
            label: day.to_owned(),
            value: answer.number(row, "revenue_per_1000")?,
            note: if sends == 1.0 { "1 campaign".to_owned() } else { format!("{sends} campaigns") },
            is_firm: answer.number(row, "vs_other_days_pct").is_some(),
        })
    };
    let dots: Vec<Dot> = DAYS.into_iter().filter_map(dot).collect();
    let told = format!(
        "Revenue per 1,000 messages of {} campaigns by weekday; the table below has the figures",
        words::word(&weekday_channel(asked))
    );
    let write = |value: f64| report.money.write_short(value);
    (!dots.is_empty()).then(|| Dots { told, dots, write: &write }.draw(width))
}
