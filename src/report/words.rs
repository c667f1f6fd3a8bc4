//! Names from the data, and Klaviyo's words, as people write them. Names are data: capped, and nothing in them is markup.

use crate::output;

/// The longest name on a page, in characters.
const LONGEST: usize = 60;

/// A name from the data.
pub fn name(text: &str) -> String {
    if text == "all campaigns" {
        return capitalized(text);
    }
    let clean = output::printable(text);
    match clean.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", clean[..end].trim_end()),
        None => clean,
    }
}

/// A channel, or another word of Klaviyo's or ours, at the beginning of a cell.
pub fn word(text: &str) -> String {
    match text {
        "sms" => "SMS".to_owned(),
        "whatsapp" => "WhatsApp".to_owned(),
        "mobile_push" => "Mobile push".to_owned(),
        "all" => "All channels".to_owned(),
        "this_month" => "This month".to_owned(),
        "next_month" => "Next month".to_owned(),
        "next_7_days" => "Next 7 days".to_owned(),
        other => capitalized(&name(other)),
    }
}

/// The same within a sentence.
pub fn inside(text: &str) -> String {
    match text {
        "sms" | "whatsapp" => word(text),
        "mobile_push" => "mobile push".to_owned(),
        other => name(other),
    }
}

/// With a capital letter.
pub fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}
