//! Texts that stay texts: nothing in them moves a cursor, reorders a line, hides, or is markup.

use console::measure_text_width;

/// Whether a character is not seen as itself between these two: it commands a terminal, reorders a line, or hides words
/// from a reader that a model would read.
///
/// Joiners and variation selectors are left where they have a purpose: between two characters of a script that joins, in
/// an emoji. Between plain characters they only hide text.
fn is_hidden(previous: char, letter: char, next: Option<char>) -> bool {
    match letter {
        '\u{200c}' | '\u{200d}' => previous.is_ascii() || next.is_none_or(|next| next.is_ascii()),
        '\u{fe00}'..='\u{fe0f}' => matches!(previous, '\u{fe00}'..='\u{fe0f}'),
        // Soft hyphen; fillers that show as nothing; directions; zero widths, line separators; annotations; tags.
        '\u{ad}' | '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}' | '\u{180e}' => true,
        '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' => true,
        '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' => true,
        '\u{e0000}'..='\u{e0fff}' => true,
        letter => letter.is_control(),
    }
}

/// Each hidden character replaced.
fn replacing(text: &str, replace: impl Fn(char, &mut String)) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut previous = ' ';
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match is_hidden(previous, letter, letters.peek().copied()) {
            true => replace(letter, &mut shown),
            false => shown.push(letter),
        }
        previous = letter;
    }
    shown
}

/// Text without control characters and without those that reorder or hide.
pub fn printable(text: &str) -> String {
    replacing(text, |_, shown| shown.push('\u{fffd}'))
}

/// The same for a text of several lines, which stay lines.
pub fn printable_lines(text: &str) -> String {
    text.split('\n').map(printable).collect::<Vec<_>>().join("\n")
}

/// A JSON document with hidden characters escaped: the same document, and harmless on a terminal.
pub fn inert_json(document: &str) -> String {
    let escape = |letter: char, shown: &mut String| match letter {
        // Between values it is layout; within them JSON has no line end.
        '\n' => shown.push('\n'),
        letter => {
            for unit in letter.encode_utf16(&mut [0; 2]) {
                shown.push_str(&format!("\\u{unit:04x}"));
            }
        }
    };
    replacing(document, escape)
}

/// Lines of text, none of which can break out of its own.
pub fn lines(lines: &[String]) -> String {
    lines.iter().map(|line| printable(line)).collect::<Vec<_>>().join("\n")
}

/// Text in lines of at most 100 characters, and of the terminal's width, broken between words.
pub fn wrapped(text: &str) -> String {
    const WIDTH: usize = 100;
    wrapped_at(text, super::width().map_or(WIDTH, |width| width.min(WIDTH)))
}

/// Lines that fit stay as they are; the rest of one that does not stands below its first word.
pub(super) fn wrapped_at(text: &str, width: usize) -> String {
    text.lines().map(|line| wrapped_line(line, width)).collect::<Vec<_>>().join("\n")
}

fn wrapped_line(line: &str, width: usize) -> String {
    if measure_text_width(line) <= width {
        return line.to_owned();
    }
    let words = line.trim_start_matches(' ');
    let indent = " ".repeat(line.len() - words.len());
    let mut lines = vec![indent.clone()];
    for word in words.split(' ') {
        let Some(last) = lines.last_mut() else { break };
        let length = measure_text_width(last);
        if length <= indent.len() {
            last.push_str(word);
        } else if length + 1 + measure_text_width(word) <= width {
            last.push(' ');
            last.push_str(word);
        } else {
            lines.push(format!("{indent}{word}"));
        }
    }
    lines.join("\n")
}

/// Text as Markdown shows it: nothing in it is markup.
pub fn markdown(text: &str) -> String {
    let mut escaped = String::new();
    for letter in text.chars() {
        if matches!(
            letter,
            '\\' | '`' | '*' | '_' | '|' | '<' | '>' | '[' | ']' | '#' | '!' | '&' | '~' | '$'
        ) {
            escaped.push('\\');
        }
        escaped.push(letter);
    }
    escaped
}

/// A number of things, in the plural where it is not one.
pub fn counted(number: u64, thing: &str) -> String {
    match (number, thing.strip_suffix('h')) {
        (1, _) => format!("1 {thing}"),
        (_, Some(_)) => format!("{number} {thing}es"),
        _ => format!("{number} {thing}s"),
    }
}

/// The most lines of a list that people read; the rest is counted.
const LISTED: usize = 20;

/// A titled list of accounts, a line each; nothing without one.
pub fn list_of_accounts(title: &str, accounts: &[String]) -> Option<String> {
    if accounts.is_empty() {
        return None;
    }
    let mut text = format!("{title}: {}", counted(accounts.len() as u64, "account"));
    for line in accounts.iter().take(LISTED) {
        text.push_str("\n  ");
        text.push_str(&printable(line));
    }
    if accounts.len() > LISTED {
        text.push_str(&format!("\n  and {} more (--json lists all)", accounts.len() - LISTED));
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_never_pass() {
        assert_eq!(printable("a\u{1b}[31mb\nc"), "a\u{fffd}[31mb\u{fffd}c");
        assert_eq!(printable("a\u{9b}31m\u{7f}"), "a\u{fffd}31m\u{fffd}");
        assert_eq!(printable("Süßes 🎉"), "Süßes 🎉");
        assert_eq!(printable_lines("a\r\nb"), "a\u{fffd}\nb");
    }

    /// Directions, zero widths, separators of lines, tags: each is seen.
    #[test]
    fn what_reorders_or_hides_never_passes() {
        let ranges = ['\u{202a}'..='\u{202e}', '\u{2066}'..='\u{2069}', '\u{e0000}'..='\u{e007f}'];
        let others = "\u{200e}\u{200f}\u{61c}\u{200b}\u{200c}\u{200d}\u{2028}\u{2029}\u{2060}\u{feff}\u{ad}";
        for letter in ranges.into_iter().flatten().chain(others.chars()) {
            assert_eq!(printable(&format!("a{letter}b")), "a\u{fffd}b", "{letter:?}");
        }
    }

    #[test]
    fn joiners_stay_where_they_join() {
        for text in ["👨\u{200d}👩\u{200d}👧 ❤\u{fe0f}", "می\u{200c}خواهم", "1\u{fe0f}\u{20e3}"]
        {
            assert_eq!(printable(text), text);
        }
        assert_eq!(printable("😀\u{fe0f}\u{fe01}\u{fe02}"), "😀\u{fe0f}\u{fffd}\u{fffd}");
    }

    #[test]
    fn escaped_json_is_the_same_document() {
        let document = serde_json::json!({"name": "a\u{1b}[31m\u{9b}\u{202e}\u{e0041}😀\n", "n": [1]});
        let text = serde_json::to_string_pretty(&document).expect("JSON");
        let inert = inert_json(&text);
        assert!(text.contains('\u{202e}') && printable_lines(&inert) == inert, "{inert}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&inert).expect("JSON"), document);
    }

    #[test]
    fn one_is_no_plural() {
        assert_eq!([counted(1, "account"), counted(0, "account")], ["1 account", "0 accounts"]);
        assert_eq!([counted(1, "batch"), counted(2, "batch")], ["1 batch", "2 batches"]);
    }

    #[test]
    fn a_long_list_is_counted() {
        assert_eq!(list_of_accounts("failed", &[]), None);
        let lines: Vec<String> = (0..21).map(|number| format!("account {number}\n")).collect();
        let text = list_of_accounts("failed", &lines).expect("a list");
        assert!(text.starts_with("failed: 21 accounts\n  account 0\u{fffd}\n  account 1"), "{text}");
        assert!(text.ends_with("account 19\u{fffd}\n  and 1 more (--json lists all)"), "{text}");
        assert!(list_of_accounts("failed", &lines[..1]).expect("a list").starts_with("failed: 1 account\n"));
        assert!(!list_of_accounts("failed", &lines[..20]).expect("a list").contains("more"));
    }

    #[test]
    fn long_lines_break_between_words() {
        let text = format!("{}\nshort", "ten letters".repeat(12).replace("sten", "s ten"));
        let wrapped = wrapped_at(&text, 100);
        assert!(wrapped.lines().all(|line| line.chars().count() <= 100), "{wrapped}");
        assert_eq!(wrapped.lines().count(), 3, "{wrapped}");
        assert_eq!(
            wrapped.split_whitespace().collect::<Vec<_>>(),
            text.split_whitespace().collect::<Vec<_>>()
        );
        assert_eq!(wrapped_at("    hint: one two three", 16), "    hint: one\n    two three");
        assert_eq!(wrapped_at("   1  2", 7), "   1  2");
    }
}
