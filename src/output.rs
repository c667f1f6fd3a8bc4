//! What people see: stdout is data, stderr is talk. Nothing from the data reaches a terminal as a control character.

use std::io::{IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;
use tracing::Span;
use tracing_subscriber::EnvFilter;

use crate::cli::{Color, Global, LogFormat};
use crate::exit;

/// The target of the events that tell of each table of each account: a person wants them with `-v`, a machine always.
pub const EACH_TABLE: &str = "aiviews::each_table";

/// Whether every line on stderr is a JSON object.
static TALKS_JSON: AtomicBool = AtomicBool::new(false);

/// Sets up logging on stderr: the run's steps by default, each table and account with `-v` (in JSON by default),
/// statements with `-vv`, only errors with `-q`.
pub fn start_logging(options: &Global) {
    let is_json = options.log_format == LogFormat::Json;
    TALKS_JSON.store(is_json, Ordering::Relaxed);
    let (level, each_table) = match (options.quiet, options.verbose) {
        (true, _) => ("error", "error"),
        (_, 0) if is_json => ("info", "info"),
        (_, 0) => ("info", "warn"),
        (_, 1) => ("debug", "debug"),
        (_, _) => ("trace", "trace"),
    };
    let filter = EnvFilter::new(format!("warn,aiviews={level},{EACH_TABLE}={each_table}"));
    let color = match options.color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => std::env::var_os("NO_COLOR").is_none() && std::io::stderr().is_terminal(),
    };
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(color)
        // A line that cannot be written would be complained about on the same closed stderr, with a panic.
        .log_internal_errors(false);
    // A second call (tests in one process) keeps the first subscriber.
    let _ = match options.log_format {
        LogFormat::Json => builder.json().flatten_event(true).with_span_list(false).try_init().is_ok(),
        LogFormat::Text => builder.with_target(false).without_time().try_init().is_ok(),
    };
}

/// What every line of a run's JSON log carries: the verb and the run's id. Lines for people are short without.
pub fn run_span(verb: &'static str, run_id: &str) -> Span {
    match talks_json() {
        true => tracing::info_span!("run", verb, run = run_id),
        false => Span::none(),
    }
}

/// Whether `--log-format json` was asked for: then nothing but JSON objects goes to stderr.
pub fn talks_json() -> bool {
    TALKS_JSON.load(Ordering::Relaxed)
}

/// Prints an error with its causes on one line, then the remedy.
pub fn report_error(error: &anyhow::Error) {
    if talks_json() {
        let (message, hint) =
            (printable(&format!("{error:#}")), exit::hint_of(error).map(|hint| printable(&hint)));
        let exit_code = exit::code_of(error).number();
        return tracing::error!(exit_code, hint, "{message}");
    }
    let mut stderr = std::io::stderr().lock();
    let _ = writeln!(stderr, "error: {}", printable(&format!("{error:#}")));
    if let Some(hint) = exit::hint_of(error) {
        let _ = writeln!(stderr, "hint: {}", printable(&hint));
    }
}

/// Text without control characters (and without the bidirectional ones that reorder a line).
pub fn printable(text: &str) -> String {
    let hidden = |letter: char| {
        letter.is_control()
            || matches!(letter, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().map(|letter| if hidden(letter) { '\u{fffd}' } else { letter }).collect()
}

/// Lines of text, none of which can break out of its own.
pub fn lines(lines: &[String]) -> String {
    lines.iter().map(|line| printable(line)).collect::<Vec<_>>().join("\n")
}

/// Text in lines of at most 100 characters, broken between words.
pub fn wrapped(text: &str) -> String {
    const WIDTH: usize = 100;
    let wrap = |line: &str| {
        let mut length = 0;
        let words = line.split(' ').map(|word| {
            let letters = word.chars().count();
            let breaks = length > 0 && length + 1 + letters > WIDTH;
            let separator = match length {
                0 => "",
                _ if breaks => "\n",
                _ => " ",
            };
            length = if breaks || length == 0 { letters } else { length + 1 + letters };
            format!("{separator}{word}")
        });
        words.collect::<String>()
    };
    text.lines().map(wrap).collect::<Vec<_>>().join("\n")
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

/// Writes lines to stdout. A closed pipe ends the output quietly, as other tools do.
pub fn print(text: &str) {
    let mut stdout = std::io::stdout().lock();
    let _ = stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.write_all(b"\n"))
        .and_then(|()| stdout.flush());
}

/// Writes a line to stderr that no log level hides; nobody has to read it.
pub fn tell(line: &str) {
    if talks_json() {
        let object = serde_json::json!({"level": "INFO", "message": printable(line)});
        return drop(writeln!(std::io::stderr(), "{object}"));
    }
    let _ = writeln!(std::io::stderr(), "{}", printable(line));
}

/// Writes one JSON document to stdout.
pub fn print_json(document: &impl Serialize) {
    let text =
        serde_json::to_string_pretty(document).unwrap_or_else(|error| format!("{{\"error\":\"{error}\"}}"));
    print(&text);
}

/// A plain table with a header line; numbers on the right.
pub fn table(header: &[&str], rows: &[Vec<String>]) -> String {
    let mut table = comfy_table::Table::new();
    table.load_style(comfy_table::presets::NOTHING);
    table.set_header(header.iter().map(|title| title.to_uppercase()));
    for row in rows {
        table.add_row(row.iter().map(|cell| printable(cell)));
    }
    for (index, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, 2));
        let numeric = |row: &Vec<String>| {
            row.get(index)
                .is_some_and(|cell| cell.is_empty() || cell.replace([',', '%'], "").parse::<f64>().is_ok())
        };
        if rows.iter().all(numeric) {
            column.set_cell_alignment(comfy_table::CellAlignment::Right);
        }
    }
    table.trim_fmt()
}

/// A number of things, in the plural where it is not one.
pub fn counted(number: u64, thing: &str) -> String {
    if number == 1 { format!("1 {thing}") } else { format!("{number} {thing}s") }
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

/// A progress bar with ETA on a terminal, nothing elsewhere.
pub fn progress_bar(length: u64, what: &str) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::with_draw_target(Some(length), ProgressDrawTarget::stderr());
    let style = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len} {eta}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.set_message(what.to_owned());
    bar
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_never_pass() {
        assert_eq!(printable("a\u{1b}[31mb\nc"), "a\u{fffd}[31mb\u{fffd}c");
        assert_eq!(printable("Süßes 🎉"), "Süßes 🎉");
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
        let wrapped = wrapped(&text);
        assert!(wrapped.lines().all(|line| line.chars().count() <= 100), "{wrapped}");
        assert_eq!(wrapped.lines().count(), 3, "{wrapped}");
        assert_eq!(
            wrapped.split_whitespace().collect::<Vec<_>>(),
            text.split_whitespace().collect::<Vec<_>>()
        );
    }
}
