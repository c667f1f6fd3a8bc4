//! What the words of a report mean, at its end.

use maud::{Markup, html};

use super::Report;

const DEFINITIONS: [(&str, &str); 10] = [
    ("Revenue", "orders that Klaviyo credits to a message, counted on the day on which the message was sent"),
    ("Orders", "orders that Klaviyo credits to a message"),
    ("Delivered", "messages sent, less those that bounced"),
    (
        "Opened, clicked",
        "people who opened or clicked, as percent of the messages delivered; text messages have no opens",
    ),
    (
        "Per 1,000 messages",
        "revenue of 1,000 messages delivered: it makes large and small mailings comparable",
    ),
    ("Campaign", "a message that is sent once to many people"),
    (
        "Flow",
        "messages that are sent by themselves, each time somebody does something, such as leaving a cart",
    ),
    ("Usual", "the account's own figure over a longer time, never that of other shops"),
    ("Stands out", "differs by more than chance would explain; with few campaigns nothing does"),
    ("Segment", "people who have something in common; one person can be in several"),
];

/// The list of definitions, and where the figures come from.
pub fn write(report: &Report) -> Markup {
    let currency = match &report.store.currency {
        Some(code) => format!("Money is in {code}."),
        None => "Money is in the account's own currency.".to_owned(),
    };
    html! {
        section class="definitions" {
            h2 { "What the words mean" }
            dl { @for (word, meaning) in DEFINITIONS { dt { (word) } dd { (meaning) } } }
        }
        footer {
            p { (currency) " Figures from Klaviyo, account " bdi { (report.account) } ", as of "
                (report.context.refreshed_at) "." }
        }
    }
}
