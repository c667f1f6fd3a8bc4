//! A message for Slack, in blocks. Names are elements of rich text, which Slack shows as they are: nothing in them is a
//! mention, a link or markup.

use serde_json::{Value, json};

use super::digest::{Digest, Section};

/// The longest heading that Slack takes.
const LONGEST_HEADER: usize = 150;
/// The longest text that is sent for those who see no blocks.
const LONGEST_TEXT: usize = 3000;

/// What is posted.
pub fn payload(digest: &Digest) -> Value {
    let mut blocks = vec![json!({
        "type": "header",
        "text": {"type": "plain_text", "text": shortened(&digest.title, LONGEST_HEADER), "emoji": false},
    })];
    let has_headings = digest.accounts.len() > 1;
    blocks.extend(digest.accounts.iter().map(|section| block(section, has_headings)));
    let rest = digest.rest().into_iter().chain(digest.warning());
    blocks.extend(rest.map(|text| json!({"type": "rich_text", "elements": [section(&text, false)]})));
    json!({
        // For notifications, where `<`, `>` and `&` would begin a mention.
        "text": escaped(&shortened(&digest.title, LONGEST_TEXT)),
        "mrkdwn": false,
        "unfurl_links": false,
        "unfurl_media": false,
        "blocks": blocks,
    })
}

fn block(account: &Section, has_heading: bool) -> Value {
    let mut elements = Vec::new();
    if has_heading {
        elements.push(section(&account.store, true));
    }
    let lines: Vec<Value> = account.alerts.iter().map(|alert| section(&alert.words, false)).collect();
    elements.push(json!({"type": "rich_text_list", "style": "bullet", "elements": lines}));
    elements.extend(account.rest().map(|rest| section(&rest, false)));
    json!({"type": "rich_text", "elements": elements})
}

fn section(text: &str, is_bold: bool) -> Value {
    let element = match is_bold {
        true => json!({"type": "text", "text": text, "style": {"bold": true}}),
        false => json!({"type": "text", "text": text}),
    };
    json!({"type": "rich_text_section", "elements": [element]})
}

fn shortened(text: &str, longest: usize) -> String {
    match text.chars().count() <= longest {
        true => text.to_owned(),
        false => text.chars().take(longest - 1).chain(['…']).collect(),
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
