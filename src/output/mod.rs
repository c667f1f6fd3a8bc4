//! What people see: stdout is data, stderr is talk. Nothing from the data reaches a terminal as a control character.

mod bars;
mod failure;
mod log;
mod table;
mod text;

use std::io::{ErrorKind, IsTerminal, Write};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::{ArgAction, Args, ValueEnum};
use serde::Serialize;

pub use bars::Drawn;
pub use failure::{arguments_refused, catch_panics, finish};
pub use log::{EACH_TABLE, progress_bar, run_span, talks_json, tell};
pub use table::{TOGETHER, table, table_of};
pub use text::{counted, inert_json, lines, list_of_accounts, markdown, printable, wrapped};

/// How to talk: how much, in which colours, and in which form.
#[derive(Args, Clone, Debug)]
pub struct Talk {
    /// More talk on stderr (-v each step, -vv each statement)
    #[arg(short, long, global = true, action = ArgAction::Count, conflicts_with = "quiet", help_heading = "Output")]
    pub verbose: u8,
    /// Only errors on stderr
    #[arg(short, long, global = true, help_heading = "Output")]
    pub quiet: bool,
    /// Colour: auto follows the terminal and NO_COLOR
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto", help_heading = "Output")]
    pub color: Color,
    /// Log lines as text or as JSON objects; as JSON each table of each account has one, and populate's summary is the last
    #[arg(long, global = true, value_name = "FORMAT", default_value = "text", help_heading = "Output")]
    pub log_format: LogFormat,
}

/// When to use colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless NO_COLOR is set.
    Auto,
    /// Also into a file or a pipe.
    Always,
    /// Not even on a terminal.
    Never,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// One readable line per event.
    Text,
    /// One JSON object per event.
    Json,
}

/// The first report that could not be written, and why.
static UNWRITTEN: OnceLock<std::io::Error> = OnceLock::new();

/// Whether a JSON document is on stdout: there must be one, and no more.
static HAS_DOCUMENT: AtomicBool = AtomicBool::new(false);

/// Decides about colours and sets up the log.
pub fn start(talk: &Talk) {
    use_colors(talk.color);
    log::start(talk);
}

/// Colours for stdout and for stderr, each by what it is connected to.
fn use_colors(when: Color) {
    let is_plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
        || std::env::var_os("TERM").is_some_and(|terminal| terminal == "dumb");
    let wanted = |is_terminal: bool| match when {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => is_terminal && !is_plain,
    };
    console::set_colors_enabled(wanted(std::io::stdout().is_terminal()));
    console::set_colors_enabled_stderr(wanted(std::io::stderr().is_terminal()));
}

/// The width of the terminal on stdout; none where something else reads it, which gets everything.
pub fn width() -> Option<usize> {
    width_of(&console::Term::stdout())
}

/// The same for stderr.
fn width_of_stderr() -> Option<usize> {
    width_of(&console::Term::stderr())
}

fn width_of(terminal: &console::Term) -> Option<usize> {
    let (_, columns) = terminal.size_checked().filter(|_| terminal.is_term())?;
    (columns > 0).then_some(columns.into())
}

/// Writes lines to stdout. A closed pipe ends the output quietly, as other tools do; any other failure is the run's.
pub fn print(text: &str) {
    let mut stdout = std::io::stdout().lock();
    let written = stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.write_all(b"\n"))
        .and_then(|()| stdout.flush());
    if let Err(error) = written
        && error.kind() != ErrorKind::BrokenPipe
    {
        let _ = UNWRITTEN.set(error);
    }
}

/// Writes words and tables for people: on a terminal no line is broken but between words.
pub fn print_words(text: &str) {
    match width() {
        Some(width) => print(&text::wrapped_at(text, width)),
        None => print(text),
    }
}

/// Writes one JSON document to stdout.
pub fn print_json(document: &impl Serialize) {
    match serde_json::to_string_pretty(document) {
        Ok(text) => print_document(&text),
        Err(error) => drop(UNWRITTEN.set(error.into())),
    }
}

/// Writes a JSON document that is text already.
pub fn print_document(text: &str) {
    HAS_DOCUMENT.store(true, Ordering::Relaxed);
    print(&inert_json(text));
}
