//! The report as a mail: what mail programs show, which is tables with their look on each tag, and charts as images that
//! travel along. Nothing is loaded and nothing runs.

use anyhow::{Context, Result};
use maud::{DOCTYPE, Markup, html};

use super::page::{BEST, CHANNELS, FLOWS, summary_title};
use super::table::{self, Heading};
use super::{Picture, Report, key_figures, sentences};
use crate::alert::mail::{Inline, Message};

/// The longest HTML that is sent: mail programs cut longer ones off.
pub const LONGEST_HTML: usize = 100_000;
/// Pixels of a unit of a chart: sharp on a telephone too.
const SCALE: f32 = 2.0;
/// Rows of a table; the page has the rest.
const MOST_ROWS: usize = 8;

const PAGE: &str = "width:100%;background-color:#f3f6f9;color:#1c2530;font-family:Arial,Helvetica,sans-serif;font-size:16px;line-height:1.5";
const SHEET: &str = "width:100%;max-width:640px;background-color:#ffffff;border-collapse:collapse";
const CELL: &str = "padding:0 24px 16px 24px";
const TITLE: &str = "margin:0;font-size:28px;line-height:1.2";
const HEADING: &str = "margin:16px 0 8px 0;font-size:20px;line-height:1.3";
const SOFT: &str = "margin:0;color:#566373;font-size:14px";
const WARNING: &str = "margin:8px 0;padding:8px 12px;background-color:#f3f6f9;border-left:4px solid #a32b1f";
const PLAIN: &str = "margin:0 0 8px 0";
const TABLE: &str = "width:100%;border-collapse:collapse;font-size:14px;line-height:1.35";
const HEAD: &str =
    "padding:6px 8px 6px 0;text-align:left;color:#566373;font-weight:normal;border-bottom:1px solid #d9dfe6";
const ROW: &str = "padding:6px 8px 6px 0;text-align:left;font-weight:normal;border-bottom:1px solid #d9dfe6";
const FIGURE: &str =
    "padding:6px 8px 6px 0;text-align:right;font-weight:normal;border-bottom:1px solid #d9dfe6";
const IMAGE: &str = "display:block;width:100%;max-width:592px;border:0";

impl Report {
    /// The mail to these recipients.
    ///
    /// # Errors
    ///
    /// A chart that cannot be drawn.
    pub fn mail(&self, to: &[String]) -> Result<Message> {
        let mut pictures = Vec::new();
        for subject in self.subjects() {
            pictures.extend(subject.picture(self, SCALE)?);
        }
        // What does not fit goes from the end: a mail that is cut off is worse.
        let tables = self.mail_tables();
        let html = (0..=tables.len())
            .rev()
            .map(|count| self.mail_html(&pictures, &tables[..count]).into_string())
            .find(|html| html.len() <= LONGEST_HTML)
            .context("the mail is too long, even without its tables")?;
        let inline = |(number, picture): (usize, Picture)| Inline {
            content_id: content_id(number),
            file_name: format!("{}.png", content_id(number)),
            content_type: "image/png".to_owned(),
            bytes: picture.png,
        };
        Ok(Message {
            to: to.to_vec(),
            subject: self.title(),
            text: self.mail_text(),
            html: Some(html),
            inline: pictures.into_iter().enumerate().map(inline).collect(),
            message_id: None,
        })
    }

    /// What names this report among all: account, period, last day. The same for another try.
    pub fn key(&self) -> String {
        format!("report.{}.{}.{}", self.account, self.period.days(), self.context.complete_through)
    }

    fn told(&self) -> Vec<String> {
        let insights = self.context.insights.iter().map(|insight| {
            let advice = insight.advice.map_or(String::new(), |advice| format!(" {advice}"));
            format!("{}{advice}", sentences::told(insight, &self.money))
        });
        insights.collect()
    }

    fn mail_text(&self) -> String {
        let mut parts = vec![format!("{}\n{}\n{}", self.store_name(), self.period.title(), self.span())];
        parts.extend(super::page::stopped(self));
        let figures = key_figures::in_words(self);
        let line = |[title, figure, change]: &[String; 3]| match change.as_str() {
            "" => format!("{title}: {figure}"),
            change => format!("{title}: {figure} ({change} {})", self.period.before()),
        };
        match figures.is_empty() {
            true => parts.push(super::page::NO_FIGURES.to_owned()),
            false => parts.push(figures.iter().map(line).collect::<Vec<_>>().join("\n")),
        }
        let told = self.told();
        let lines = match told.is_empty() {
            true => super::page::NOTHING_DIFFERS.to_owned(),
            false => told.iter().map(|sentence| format!("- {sentence}")).collect::<Vec<_>>().join("\n"),
        };
        parts.push(format!("{}\n{lines}", summary_title(self.period)));
        parts.push(STILL_GROWS.to_owned());
        parts.join("\n\n")
    }

    /// The tables that a mail has room for, by their titles.
    fn mail_tables(&self) -> Vec<(&'static str, Markup)> {
        let wanted: [(&str, &str, &[Heading]); 3] = [
            ("Channels", "channels_compared", CHANNELS),
            ("Best campaigns", "top_campaigns", BEST),
            ("Flows", "flows_by_revenue", FLOWS),
        ];
        let table = |(title, question, headings): (&'static str, &str, &'static [Heading])| {
            // The last columns are for who looks closer: the page has them.
            let headings = &headings[..headings.len().min(5)];
            Some((title, rows(&table::in_words(self, self.answers.get(question)?, headings))))
        };
        wanted.into_iter().filter_map(table).collect()
    }

    fn mail_html(&self, pictures: &[Picture], tables: &[(&str, Markup)]) -> Markup {
        let told = self.told();
        html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    title { (self.title()) }
                }
                body {
                    table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style=(PAGE) { tr { td align="center" {
                        table role="presentation" width="640" cellpadding="0" cellspacing="0" border="0" style=(SHEET) {
                            tr { td style="padding:24px 24px 8px 24px" {
                                p style=(SOFT) { (self.period.title()) }
                                h1 style=(TITLE) { (self.store_name()) }
                                p style=(SOFT) { (self.span()) }
                                @if let Some(note) = super::page::stopped(self) { p style=(WARNING) { (note) } }
                            } }
                            tr { td style=(CELL) { (self.mail_figures()) } }
                            tr { td style=(CELL) {
                                h2 style=(HEADING) { (summary_title(self.period)) }
                                @if told.is_empty() { p style=(PLAIN) { (super::page::NOTHING_DIFFERS) } }
                                @for sentence in &told { p style=(PLAIN) { "• " (sentence) } }
                            } }
                            @for (number, picture) in pictures.iter().enumerate() {
                                tr { td style=(CELL) {
                                    img src=(format!("cid:{}", content_id(number))) width="592" style=(IMAGE)
                                        alt=(format!("{}. {}", picture.title, picture.told));
                                } }
                            }
                            @for (title, table) in tables {
                                tr { td style=(CELL) { h2 style=(HEADING) { (title) } (table) } }
                            }
                            tr { td style=(CELL) { p style=(SOFT) { (STILL_GROWS) } } }
                        }
                    } } }
                }
            }
        }
    }

    fn mail_figures(&self) -> Markup {
        let figures = key_figures::in_words(self);
        html! {
            @if figures.is_empty() { p style=(WARNING) { (super::page::NO_FIGURES) } }
            @else {
                table style=(TABLE) {
                    @for [title, figure, change] in &figures {
                        tr {
                            th scope="row" style=(ROW) { (title) }
                            td style=(FIGURE) { b { (figure) } }
                            td style=(FIGURE) { (change) }
                        }
                    }
                }
                p style=(SOFT) { "Each beside its change " (self.period.before()) "." }
            }
        }
    }
}

const STILL_GROWS: &str = "Orders are counted for a message up to 7 days after it was sent: the revenue of the newest days \
                           will still rise a little.";

fn content_id(number: usize) -> String {
    format!("chart-{}", number + 1)
}

/// A table of words: what is a figure stands on the right.
fn rows((titles, rows): &(Vec<(&'static str, bool)>, Vec<Vec<String>>)) -> Markup {
    html! {
        table style=(TABLE) {
            thead { tr {
                @for (title, is_figure) in titles {
                    th scope="col" style=(if *is_figure { FIGURE } else { HEAD }) { (title) }
                }
            } }
            tbody { @for cells in rows.iter().take(MOST_ROWS) { tr {
                @for (cell, (_, is_figure)) in cells.iter().zip(titles) {
                    td style=(if *is_figure { FIGURE } else { ROW }) { (cell) }
                }
            } } }
        }
    }
}
