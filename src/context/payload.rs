//! The parts of a payload, what each is worth, and texts that stay data.

use serde_json::Value;

use crate::output;
use crate::question::Store;

/// The longest name that is passed on, in characters.
const LONGEST_NAME: usize = 32;

/// Everything that a model is told about an account.
#[derive(Clone, Debug, Default)]
pub struct Payload {
    /// Klaviyo public id.
    pub account: String,
    /// Its name and currency, as far as people have told them.
    pub store: Store,
    /// The question in words, if one was asked.
    pub question: Option<String>,
    /// When the summary tables were last refreshed.
    pub refreshed_at: String,
    /// The last day that every table has whole; empty if no day is.
    pub complete_through: String,
    /// The last day that Klaviyo's data has, if it went quiet; else empty.
    pub sources_end: String,
    /// The last day whose revenue no longer grows.
    pub settled_through: String,
    /// What the numbers say, the most important first.
    pub insights: Vec<Insight>,
    /// The numbers.
    pub sections: Vec<Section>,
    /// Names of what had no room.
    pub left_out: Vec<&'static str>,
}

/// A sentence with the figures that it stands on.
#[derive(Clone, Debug)]
pub struct Insight {
    /// Plain words, names in quotes.
    pub text: String,
    /// What to do about it, where a rule supports it.
    pub advice: Option<&'static str>,
    /// The figures.
    pub figures: Vec<(&'static str, f64)>,
}

/// Rows under named columns.
#[derive(Clone, Debug)]
pub struct Section {
    /// Name.
    pub name: &'static str,
    /// What the rows are.
    pub note: String,
    /// Sections of less worth are dropped first.
    pub worth: u8,
    /// Column names.
    pub columns: Vec<String>,
    /// Cells: text, number or null.
    pub rows: Vec<Vec<Value>>,
    /// Rows that had no room.
    pub rows_left_out: usize,
}

impl Payload {
    /// Drops the least valuable part; false if there is none left.
    pub(super) fn drop_least(&mut self) -> bool {
        let least = self.sections.iter().enumerate().min_by_key(|(_, section)| section.worth);
        let Some(index) = least.map(|(index, _)| index) else {
            if self.insights.pop().is_some() {
                self.leave_out("insights");
                return true;
            }
            return false;
        };
        let section = &mut self.sections[index];
        // Rows are dropped one by one before the whole: the first matter most.
        if section.rows.len() > 1 {
            section.rows.pop();
            section.rows_left_out += 1;
            return true;
        }
        let name = self.sections.remove(index).name;
        self.leave_out(name);
        true
    }

    fn leave_out(&mut self, name: &'static str) {
        if !self.left_out.contains(&name) {
            self.left_out.push(name);
        }
    }
}

/// A name from the data: without control characters, capped.
pub(super) fn name(text: &str) -> String {
    let clean = output::printable(text);
    match clean.char_indices().nth(LONGEST_NAME) {
        Some((end, _)) => format!("{}…", &clean[..end]),
        None => clean,
    }
}

/// A name in quotes that it cannot end.
pub(super) fn quoted(text: &str) -> String {
    format!("\"{}\"", name(text).replace('"', "'"))
}

/// A word of Klaviyo's, such as a channel: bare if it is one plain word, else quoted like any name.
pub(super) fn word(text: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_');
    if !text.is_empty() && text.len() <= 20 && text.chars().all(plain) {
        text.to_owned()
    } else {
        quoted(text)
    }
}
