//! The index of an agency's reports: the stores by how their revenue changed. Money of each store stands in its own
//! currency; it is never added up and nothing is ranked by it.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::page::{POLICY, STYLE};
use super::{Period, Report, figure, key_figures};

/// What the index says of a report.
pub struct Entry {
    file: String,
    name: String,
    account: String,
    span: String,
    revenue: Option<String>,
    change: Option<f64>,
}

impl Report {
    /// The line of this report, which is written to that file beside the index.
    pub fn entry(&self, file: &str) -> Entry {
        let (revenue, change) = key_figures::revenue(self);
        Entry {
            file: file.to_owned(),
            name: self.store_name(),
            account: self.account.clone(),
            span: self.span(),
            revenue: revenue.map(|revenue| self.money.write(revenue, self.money.decimals(revenue))),
            change,
        }
    }
}

/// The index page: the greatest gain first, stores that have nothing to compare with last.
pub fn page(mut entries: Vec<Entry>, period: Period) -> String {
    let order = |entry: &Entry| entry.change.unwrap_or(f64::NEG_INFINITY);
    entries.sort_by(|a, b| order(b).total_cmp(&order(a)).then_with(|| a.account.cmp(&b.account)));
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                title { (period.title()) "s" }
                style { (PreEscaped(STYLE)) }
            }
            body { main {
                header {
                    h1 { (period.title()) "s" }
                    p class="span" { "By how revenue changed " (period.before()) ". Each store's money is in its own currency." }
                }
                (table(&entries))
            } }
        }
    }
    .into_string()
}

fn table(entries: &[Entry]) -> Markup {
    html! {
        div class="scroll" tabindex="0" role="region" aria-label="Stores" {
            table {
                thead { tr {
                    th scope="col" { "Store" }
                    th scope="col" { "Account" }
                    th scope="col" { "Days" }
                    th scope="col" class="figure" { "Revenue" }
                    th scope="col" class="figure" { "Change" }
                } }
                tbody { @for entry in entries { tr {
                    th scope="row" { a href=(entry.file) { bdi { (entry.name) } } }
                    td { (entry.account) }
                    td { (entry.span) }
                    td class="figure" { (entry.revenue.as_deref().unwrap_or("–")) }
                    td class="figure" {
                        @match entry.change {
                            Some(change) => (figure::change(change, 1)),
                            None => "nothing to compare with",
                        }
                    }
                } } }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stores_are_ranked_by_change_and_never_added_up() {
        let entry = |name: &str, revenue: &str, change| Entry {
            file: format!("account-{name}.html"),
            name: name.to_owned(),
            account: name.to_owned(),
            span: String::new(),
            revenue: Some(revenue.to_owned()),
            change,
        };
        let entries = vec![
            entry("New", "€9", None),
            entry("Down", "¥900", Some(-3.0)),
            entry("<Up>", "$1", Some(12.34)),
        ];
        let page = page(entries, Period::Week);
        let places = ["&lt;Up&gt;</bdi>", "Down</bdi>", "New</bdi>"].map(|name| page.find(name));
        assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{page}");
        assert!(page.contains("+12.3\u{a0}%") && page.contains("¥900") && !page.contains("909"), "{page}");
    }
}
