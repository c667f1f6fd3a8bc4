//! The page: head, figures, sentences, then one section after the other. What has no data is named at the end.

use chrono::{Datelike, NaiveDate};
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::chart::{Chart, WIDTHS};
use super::pictures::Subject;
use super::table::{Heading, Kind, table};
use super::{Period, Report, definitions, figure, key_figures, pictures, sentences, words};

/// The look of every page.
pub const STYLE: &str = concat!(include_str!("page.css"), include_str!("chart/chart.css"));
/// Nothing is loaded and nothing runs, whatever a name in the data says.
pub const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";

/// A section of the page: a title, and its content where there is data.
struct Section {
    title: &'static str,
    content: Option<Markup>,
}

/// Writes the page.
pub fn write(report: &Report) -> Markup {
    let sections = sections(report);
    let missing: Vec<&str> =
        sections.iter().filter(|section| section.content.is_none()).map(|section| section.title).collect();
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                title { (report.title()) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                main {
                    header {
                        p class="kind" { (report.period.title()) }
                        h1 { bdi { (report.store_name()) } }
                        p class="span" { (report.span()) }
                        @if let Some(note) = stopped(report) { p class="warning" { (note) } }
                    }
                    @match key_figures::write(report) {
                        Some(tiles) => (tiles),
                        None => p class="warning" { (NO_FIGURES) },
                    }
                    (summary(report))
                    @for section in &sections {
                        @if let Some(content) = &section.content {
                            section { h2 { (section.title) } (content) }
                        }
                    }
                    @if !missing.is_empty() {
                        p class="note" { "No data in these days for: " (missing.join(", ").to_lowercase()) "." }
                    }
                    (definitions::write(report))
                }
            }
        }
    }
}

impl Report {
    /// The store's name, or the account's id where nobody told one.
    pub fn store_name(&self) -> String {
        words::name(self.store.name.as_deref().unwrap_or(&self.account))
    }

    /// Whose report it is, of which days.
    pub fn title(&self) -> String {
        format!("{}: {}, {}", self.store_name(), self.period.title().to_lowercase(), self.span())
    }

    /// The last day that the figures have whole.
    fn last_day(&self) -> Option<NaiveDate> {
        self.context.complete_through.parse().ok()
    }

    /// The days that the report is about.
    pub fn span(&self) -> String {
        match self.last_day() {
            Some(last) => figure::span(last - chrono::Days::new(u64::from(self.period.days()) - 1), last),
            None => "no day is complete yet".to_owned(),
        }
    }

    /// The last days in words.
    fn days(&self) -> String {
        format!("last {} days", self.period.days())
    }
}

impl Period {
    /// What a report of the period is called.
    pub fn title(self) -> &'static str {
        match self {
            Period::Week => "Weekly marketing report",
            Period::Month => "Monthly marketing report",
        }
    }
}

/// Where the data ended, if it did.
pub(super) fn stopped(report: &Report) -> Option<String> {
    let end: NaiveDate = report.context.sources_end.parse().ok()?;
    Some(format!(
        "The data that arrived from Klaviyo ends on {}. Later days are missing here; they are not zero.",
        end.format("%-d %B %Y")
    ))
}

/// Said where there are no figures.
pub(super) const NO_FIGURES: &str = "There are no figures for these days yet.";
/// Said where there are no sentences.
pub(super) const NOTHING_DIFFERS: &str =
    "Nothing in the last 7 days differs from the days before by more than chance would explain.";

/// What the sentences are about.
pub(super) fn summary_title(period: Period) -> &'static str {
    match period {
        Period::Week => "What happened",
        Period::Month => "The newest 7 days",
    }
}

/// What happened, in sentences.
fn summary(report: &Report) -> Markup {
    let insights = &report.context.insights;
    html! {
        section class="summary" {
            h2 { (summary_title(report.period)) }
            @if insights.is_empty() {
                p { (NOTHING_DIFFERS) }
            } @else {
                ul { @for insight in insights {
                    li { (sentences::told(insight, &report.money)) @if let Some(advice) = insight.advice { " " (advice) } }
                } }
            }
        }
    }
}

fn sections(report: &Report) -> Vec<Section> {
    let section = |title, content| Section { title, content };
    vec![
        section("Revenue over time", revenue(report)),
        section("Why revenue changed", why(report)),
        section("What moved most", movers(report)),
        section("Channels", plain(report, "channels_compared", CHANNELS, "")),
        section("Best campaigns", plain(report, "top_campaigns", BEST, "")),
        section("Campaigns that earned less than usual", plain(report, "worst_campaigns", WORST, WORST_NOTE)),
        section("Flows", plain(report, "flows_by_revenue", FLOWS, "")),
        section("Weekdays", weekdays(report)),
        section("List health", plain(report, "list_health", HEALTH, HEALTH_NOTE)),
        section(
            "Segments",
            plain(report, "segments", SEGMENTS, "Segments overlap: their people cannot be added up."),
        ),
        section("Sign-up forms", plain(report, "forms", FORMS, "")),
        section("What comes next", outlook(report)),
        section("What still grows", Some(still_grows(report))),
    ]
}

pub(super) const CHANNELS: &[Heading] = &[
    ("channel", "Channel", Kind::Word),
    ("revenue", "Revenue", Kind::MoneyBar),
    ("share_pct", "Share", Kind::Percent(1)),
    ("delivered", "Delivered", Kind::Count),
    ("open_rate_pct", "Opened", Kind::Percent(1)),
    ("click_rate_pct", "Clicked", Kind::Percent(2)),
    ("revenue_per_1000", "Per 1,000 messages", Kind::Money),
];
pub(super) const BEST: &[Heading] = &[
    ("campaign", "Campaign", Kind::Name),
    ("channel", "Channel", Kind::Word),
    ("sent_on", "Sent", Kind::Day),
    ("revenue", "Revenue", Kind::MoneyBar),
    ("delivered", "Delivered", Kind::Count),
    ("open_rate_pct", "Opened", Kind::Percent(1)),
    ("click_rate_pct", "Clicked", Kind::Percent(2)),
];
const WORST: &[Heading] = &[
    ("campaign", "Campaign", Kind::Name),
    ("channel", "Channel", Kind::Word),
    ("sent_on", "Sent", Kind::Day),
    ("revenue", "Revenue", Kind::Money),
    ("revenue_per_1000", "Per 1,000 messages", Kind::Money),
    ("usual_per_1000", "Usual", Kind::Money),
    ("revenue_missed", "Below the usual", Kind::MoneyBar),
];
const WORST_NOTE: &str = "Of the last 30 days, without the newest 7: their orders are still coming in.";
pub(super) const FLOWS: &[Heading] = &[
    ("flow", "Flow", Kind::Name),
    ("channel", "Channel", Kind::Word),
    ("revenue", "Revenue", Kind::MoneyBar),
    ("delivered", "Delivered", Kind::Count),
    ("open_rate_pct", "Opened", Kind::Percent(1)),
    ("click_rate_pct", "Clicked", Kind::Percent(2)),
    ("revenue_per_1000", "Per 1,000 messages", Kind::Money),
];
const HEALTH: &[Heading] = &[
    ("channel", "Channel", Kind::Word),
    ("measure", "What", Kind::Word),
    ("number", "Number", Kind::Count),
    ("per_1000", "Per 1,000 messages", Kind::Plain(2)),
    ("usual_per_1000", "Usual", Kind::Plain(2)),
    ("vs_usual_pct", "Against the usual", Kind::Change(0)),
];
const HEALTH_NOTE: &str = "The last 30 days. The usual is that of the 90 days before them; it is empty where the account \
                           has no such days.";
const SEGMENTS: &[Heading] = &[
    ("segment", "Segment", Kind::Name),
    ("members", "People", Kind::Count),
    ("week_change_pct", "In a week", Kind::Change(1)),
    ("month_change_pct", "In a month", Kind::Change(1)),
    ("trend", "Trend", Kind::Word),
];
const FORMS: &[Heading] = &[
    ("form", "Form", Kind::Name),
    ("views", "Views", Kind::Count),
    ("submits", "Sign-ups", Kind::Count),
    ("submit_rate_pct", "Signed up", Kind::Percent(2)),
    ("vs_average_pct", "Against all forms", Kind::Change(0)),
];
const WEEKS: &[Heading] = &[
    ("week_from", "Week from", Kind::Day),
    ("campaign_revenue", "Campaigns", Kind::Money),
    ("flow_revenue", "Flows", Kind::Money),
    ("revenue", "Together", Kind::Money),
    ("change_pct", "Change", Kind::Change(1)),
];
const MONTHS: &[Heading] = &[
    ("month", "Month", Kind::Month),
    ("campaign_revenue", "Campaigns", Kind::Money),
    ("flow_revenue", "Flows", Kind::Money),
    ("revenue", "Together", Kind::Money),
    ("change_pct", "Change", Kind::Change(1)),
    ("only_days", "Days that count", Kind::Word),
];
const WHY: &[Heading] = &[
    ("channel", "Channel", Kind::Word),
    ("kind", "Sent as", Kind::Word),
    ("revenue", "Revenue", Kind::Money),
    ("revenue_before", "Before", Kind::Money),
    ("change", "Change", Kind::Gain),
    ("from_messages", "By more or fewer messages", Kind::Gain),
    ("from_value", "By more or less per message", Kind::Gain),
];
const MOVERS: &[Heading] = &[
    ("what", "What", Kind::Name),
    ("channel", "Channel", Kind::Word),
    ("last_7_days", "Last 7 days", Kind::Money),
    ("previous_7_days", "7 days before", Kind::Money),
    ("change", "Change", Kind::Gain),
];
const OUTLOOK: &[Heading] = &[
    ("channel", "Channel", Kind::Word),
    ("period", "Period", Kind::Word),
    ("already_in", "Already in", Kind::Money),
    ("expected", "Expected", Kind::Money),
    ("lower_80", "At least", Kind::Money),
    ("upper_80", "At most", Kind::Money),
];
const WEEKDAYS: &[Heading] = &[
    ("channel", "Channel", Kind::Word),
    ("day", "Day", Kind::Word),
    ("sends", "Campaigns", Kind::Count),
    ("delivered", "Delivered", Kind::Count),
    ("revenue_per_1000", "Per 1,000 messages", Kind::Money),
    ("half_from_per_1000", "Half of them from", Kind::Money),
    ("half_to_per_1000", "To", Kind::Money),
    ("vs_other_days_pct", "Against other days", Kind::Change(0)),
    ("stands_out", "Stands out", Kind::Word),
];

/// A section that is one table.
fn plain(report: &Report, question: &str, headings: &[Heading], note: &str) -> Option<Markup> {
    let asked = report.answers.get(question)?;
    let caption = match note {
        "" if asked.parameters().contains("days=") => format!("The {}", report.days()),
        "" => "At the newest day".to_owned(),
        note => note.to_owned(),
    };
    Some(table(report, asked, &caption, headings))
}

/// A chart in both of its widths; the page shows the one that fits.
fn picture(draw: impl Fn(f64) -> Option<Chart>) -> Option<Markup> {
    let charts: Option<Vec<Markup>> =
        WIDTHS.iter().map(|(class, width)| Some(draw(*width)?.inline(class))).collect();
    charts.map(|charts| html! { figure { @for chart in charts { (chart) } } })
}

fn with_table(picture: Markup, table: &Markup) -> Markup {
    html! {
        (picture)
        details { summary { "The figures" } (table) }
    }
}

fn revenue(report: &Report) -> Option<Markup> {
    let (subject, asked, caption, headings) = match report.answers.get("weekly_revenue") {
        Some(asked) => (Subject::Weeks, asked, "Whole weeks, Monday to Sunday", WEEKS),
        None => (Subject::Months, report.answers.get("monthly_history")?, "Month by month", MONTHS),
    };
    let picture = picture(|width| subject.draw(report, width))?;
    Some(with_table(
        html! { p class="note" { (caption) "." } (picture) },
        &table(report, asked, caption, headings),
    ))
}

fn why(report: &Report) -> Option<Markup> {
    let asked = report.answers.get("why_revenue_changed")?;
    let caption = format!("The {0} against the {1} before", report.days(), report.period.days());
    Some(html! {
        p { "Revenue changes because more or fewer messages went out, or because a message earned more or less." }
        (table(report, asked, &caption, WHY))
    })
}

fn movers(report: &Report) -> Option<Markup> {
    let asked = report.answers.get("what_changed")?;
    Some(table(report, asked, "Flows one by one; the campaigns of a channel together", MOVERS))
}

fn weekdays(report: &Report) -> Option<Markup> {
    let asked = report.answers.get("best_day_to_send")?;
    let picture = picture(|width| Subject::Weekdays.draw(report, width))?;
    let channel = words::inside(&pictures::weekday_channel(asked));
    let lead = html! {
        p { "What " (channel) " campaigns earn per 1,000 messages, by the day on which they were sent. "
            (verdict(asked)) }
        (picture)
    };
    let caption = "90 days without the newest 7, whose orders are still coming in";
    Some(with_table(lead, &table(report, asked, caption, WEEKDAYS)))
}

/// A day is called better or worse only where chance does not explain it.
fn verdict(asked: &super::asked::Asked) -> String {
    let answer = asked.answer.only("channel", &pictures::weekday_channel(asked));
    let days = |verdict: &str| -> Vec<String> {
        let found = answer.only("stands_out", verdict);
        (0..found.rows.len()).map(|row| found.text(row, "day")).collect()
    };
    let told: Vec<String> = ["better", "worse"]
        .into_iter()
        .map(|verdict| (verdict, days(verdict)))
        .filter(|(_, days)| !days.is_empty())
        .map(|(verdict, days)| format!("{} did {verdict} than other days", days.join(", ")))
        .collect();
    let is_compared = (0..answer.rows.len()).any(|row| !answer.cell(row, "stands_out").is_null());
    match (told.is_empty(), is_compared) {
        (false, _) => format!("{}.", told.join("; ")),
        (true, true) => "No day stands out: differences like these can come by chance.".to_owned(),
        (true, false) => {
            "Too few campaigns to compare days: it takes 8 on a day and 8 on the others.".to_owned()
        }
    }
}

/// Where revenue will land, in the sentences of the question; why not, where there is no forecast.
fn outlook(report: &Report) -> Option<Markup> {
    let asked = report.answers.get("revenue_outlook")?;
    let mut answer = asked.answer.clone();
    let words = answer.take_words();
    let table = table(report, asked, "Expected revenue, and the range it ends in 8 times out of 10", OUTLOOK);
    Some(html! {
        @for (_, sentence) in &words { p { (sentence) } }
        @if !asked.answer.only("channel", "all").rows.is_empty() { details { summary { "The figures" } (table) } }
    })
}

fn still_grows(report: &Report) -> Markup {
    let settled: Option<NaiveDate> = report.context.settled_through.parse().ok();
    html! {
        p {
            "Orders are counted for a message up to 7 days after it was sent. "
            @if let Some(settled) = settled {
                "Revenue is final up to " (figure::day(settled, report.last_day().map_or(0, |day| day.year())))
                "; that of later days will still rise. A fall of the newest days may only be orders that are \
                 still to come."
            } @else { "No day is final yet." }
        }
    }
}
