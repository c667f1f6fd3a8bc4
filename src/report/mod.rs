//! Reports that an agency sends to its client: one page per account, every number of it from the ready-made questions
//! and from `context`.

mod asked;
pub mod chart;
pub mod dashboard;
mod definitions;
mod figure;
pub mod index;
mod key_figures;
mod mail;
mod page;
mod pictures;
pub mod recipients;
mod sentences;
mod sheet;
mod table;
mod words;

use anyhow::Result;
use futures_util::try_join;

use crate::account::AccountId;
use crate::context::{self, Payload};
use crate::db::Db;
use crate::question::{Reach, Store};
use asked::Answers;
use figure::Money;
pub use pictures::{Picture, Subject};

/// How much a report looks back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Period {
    /// The last 7 complete days.
    Week,
    /// The last 30 complete days.
    Month,
}

impl Period {
    /// Complete days.
    pub fn days(self) -> u16 {
        match self {
            Period::Week => 7,
            Period::Month => 30,
        }
    }
}

/// Everything that a page says.
pub struct Report {
    /// Klaviyo public id.
    account: String,
    store: Store,
    money: Money,
    period: Period,
    /// How far the numbers reach, and the sentences.
    context: Payload,
    answers: Answers,
}

/// Asks everything that a report of this account needs.
pub async fn of_account(db: &Db, account: &AccountId, period: Period) -> Result<Report> {
    let reach = &Reach::read(db, std::slice::from_ref(account)).await?;
    let (context, answers) =
        try_join!(context::of_account_within(db, account, reach), Answers::ask(db, account, period, reach))?;
    Ok(Report::new(account, period, context, answers))
}

/// One chart of this account as an image, a unit being so many pixels; none where there is nothing to draw. With it comes
/// how far its numbers reach.
pub async fn picture(
    db: &Db,
    account: &AccountId,
    subject: Subject,
    scale: f32,
) -> Result<(Payload, Option<Picture>)> {
    let reach = &Reach::read(db, std::slice::from_ref(account)).await?;
    let (context, answers) = try_join!(
        context::header(db, account, reach),
        Answers::ask_these(db, account, subject.wanted().iter(), reach)
    )?;
    let report = Report::new(account, Period::Month, context, answers);
    let picture = subject.picture(&report, scale)?;
    Ok((report.context, picture))
}

impl Report {
    fn new(account: &AccountId, period: Period, context: Payload, answers: Answers) -> Report {
        let store = context.store.clone();
        let money = Money::of(store.currency);
        Report { account: account.as_str().to_owned(), store, money, period, context, answers }
    }

    /// The charts of the page, in its order.
    fn subjects(&self) -> [Subject; 3] {
        match self.period {
            Period::Week => [Subject::Weeks, Subject::Channels, Subject::Weekdays],
            Period::Month => [Subject::Months, Subject::Channels, Subject::Weekdays],
        }
    }

    /// The page: one self-contained HTML document.
    pub fn page(&self) -> String {
        page::write(self).into_string()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::question::{Answer, Currency};

    fn answer(columns: &[&str], rows: Vec<Value>) -> Answer {
        let rows = rows.into_iter().map(|row| row.as_array().expect("cells").clone()).collect();
        let columns = columns.iter().map(|name| (*name).to_owned()).collect();
        Answer { columns, rows, ..Answer::default() }
    }

    fn report(name: &str, currency: &str, answers: Vec<(&'static str, Answer)>) -> Report {
        let store = Store { name: Some(name.to_owned()), currency: Currency::from_code(currency) };
        let context = Payload { complete_through: "2026-11-24".to_owned(), ..Payload::default() };
        let money = Money::of(store.currency);
        let answers = Answers::of(answers);
        Report { account: "acme".to_owned(), store, money, period: Period::Week, context, answers }
    }

    #[test]
    fn a_name_is_only_ever_text() {
        let long = "x".repeat(65_536);
        for name in [
            "</style><script>alert(1)</script>",
            "</svg><svg onload=x>",
            "\u{202e}evil\u{2066}",
            &long,
            "🎁 עברית \" ' &",
        ] {
            let columns = [
                "flow",
                "channel",
                "revenue",
                "delivered",
                "open_rate_pct",
                "click_rate_pct",
                "revenue_per_1000",
            ];
            let flows = (0..8).map(|_| json!([name, name, 12.5, 100, null, 1.5, 125])).collect();
            let weekdays = [
                "channel",
                "day",
                "sends",
                "delivered",
                "revenue_per_1000",
                "vs_other_days_pct",
                "stands_out",
            ];
            let days = vec![json!([name, "Monday", 9, 900, 12.5, null, null])];
            let answers = vec![
                ("flows_by_revenue", answer(&columns, flows)),
                ("best_day_to_send", answer(&weekdays, days)),
            ];
            let page = report(name, "EUR", answers).page();
            assert!(page.len() < 150_000, "{} bytes", page.len());
            for broken in ["<script", "<svg onload", "\u{202e}", "\u{2066}", "xxxxx".repeat(20).as_str()] {
                assert!(!page.contains(broken), "{broken}");
            }
            assert_eq!(page.matches("<style>").count(), 1);
        }
        let channel = "\u{202e}</svg>".repeat(9);
        let columns = ["channel", "revenue", "share_pct", "delivered"];
        let rows = vec![json!([channel, 5, 100, 10])];
        let image =
            report("🎁 </svg>\u{0}", "EUR", vec![("channels_compared", answer(&columns, rows))]).sheet();
        assert!(image.expect("an image").starts_with(b"\x89PNG"));
    }

    #[test]
    fn an_account_without_data_says_what_is_missing() {
        let page = report("Blue Shop", "EUR", Vec::new()).page();
        assert!(page.contains("There are no figures for these days yet."), "{page}");
        assert!(page.contains("No data in these days for: revenue over time, why revenue changed"), "{page}");
        assert!(page.contains("Blue Shop") && !page.contains("<table"), "{page}");
    }

    /// The contrast of WCAG 2: 4.5 for text, 3 for what is drawn, light, dark and in print.
    #[test]
    fn every_colour_can_be_read() {
        let light = |color: &str| {
            let part = |from: usize| {
                let value = u8::from_str_radix(&color[from..from + 2], 16).expect("a colour");
                let value = f64::from(value) / 255.0;
                if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
            };
            0.2126 * part(0) + 0.7152 * part(2) + 0.0722 * part(4)
        };
        let mut looked_at = 0;
        for colors in page::STYLE.split(":root{").skip(1) {
            let of = |name: &str| {
                let (_, rest) = colors.split_once(&format!("--{name}:#")).expect("a colour");
                let short = rest.split([';', '}']).next().expect("a colour");
                let long: String = short.chars().flat_map(|letter| [letter, letter]).collect();
                light(if short.len() == 3 { &long } else { short })
            };
            let contrast = |a: &str, b: &str| {
                let (a, b) = (of(a), of(b));
                (a.max(b) + 0.05) / (a.min(b) + 0.05)
            };
            for text in ["ink", "soft", "up", "down"] {
                for ground in ["paper", "shade"] {
                    assert!(contrast(text, ground) >= 4.5, "{text} on {ground}: {}", contrast(text, ground));
                }
            }
            assert!(contrast("one", "paper") >= 3.0 && contrast("edge", "paper") >= 3.0);
            assert!(contrast("one", "two") >= 3.0, "{}", contrast("one", "two"));
            looked_at += 1;
        }
        assert_eq!(looked_at, 3);
    }

    #[test]
    fn no_revenue_and_a_currency_without_decimals_are_ordinary() {
        let columns = ["week_from", "campaign_revenue", "flow_revenue", "revenue", "change_pct"];
        let weeks = ["2026-11-16", "2026-11-09"].map(|week| json!([week, 0, 0, 0, null]));
        let channels = [
            "channel",
            "revenue",
            "share_pct",
            "delivered",
            "open_rate_pct",
            "click_rate_pct",
            "revenue_per_1000",
        ];
        let of_channels =
            (0..10).map(|index| json!([format!("way {index}"), index * 90, 10, 100, null, 1, 900]));
        let answers = vec![
            ("weekly_revenue", answer(&columns, weeks.into())),
            ("channels_compared", answer(&channels, of_channels.collect())),
        ];
        let page = report("青い店", "JPY", answers).page();
        assert!(
            page.contains("¥810<") && !page.contains("¥810.") && page.contains("Money is in JPY."),
            "{page}"
        );
        assert!(
            !page.contains("NaN") && !page.contains("inf") && page.matches("Way ").count() == 10,
            "{page}"
        );
    }
}
