//! How a run ends for those who see it: its error once, the JSON document that was asked for, the exit code.

use std::sync::atomic::Ordering;

use anyhow::Result;
use clap::error::{ContextKind, ContextValue};
use serde_json::json;

use super::log::write_line;
use super::text::{printable, printable_lines};
use super::{Color, HAS_DOCUMENT, UNWRITTEN, print, print_json, talks_json, use_colors};
use crate::db;
use crate::exit::ExitCode;

/// Reports how the verb ended and returns the code of the process. A report that could not be written is a failure.
pub fn finish(outcome: Result<ExitCode>, wants_json: bool) -> ExitCode {
    let code = match outcome {
        Ok(code) => code,
        Err(error) => {
            let (message, hint) = (format!("{error:#}"), db::hint_of(&error));
            let code = db::exit_code_of(&error);
            report(code, &message, hint.as_deref());
            if wants_json {
                print_failure(code, &message, hint.as_deref());
            }
            code
        }
    };
    if wants_json && !matches!(code, ExitCode::Done | ExitCode::Stale) {
        print_failure(code, code.words(), None);
    }
    match UNWRITTEN.get() {
        None => code,
        Some(error) => {
            report(ExitCode::Failed, &format!("cannot write the report to stdout: {error}"), None);
            ExitCode::of(&[code, ExitCode::Failed])
        }
    }
}

/// The JSON document of a run that has no other.
fn print_failure(code: ExitCode, message: &str, hint: Option<&str>) {
    if HAS_DOCUMENT.load(Ordering::Relaxed) {
        return;
    }
    print_json(&json!({ "error": {
        "code": code.name(), "exit_code": code.number(), "message": printable(message), "hint": hint.map(printable),
    }}));
}

/// Prints an error with its causes on one line, then the remedy.
fn report(code: ExitCode, message: &str, hint: Option<&str>) {
    let (message, hint) = (printable(message), hint.map(printable));
    if talks_json() {
        return tracing::error!(exit_code = code.number(), hint, "{message}");
    }
    write_line(&format!("{} {message}", console::style("error:").for_stderr().red().bold()));
    if let Some(hint) = hint {
        write_line(&format!("{} {hint}", console::style("hint:").for_stderr().cyan().bold()));
    }
}

/// Help and version go to stdout; an argument that is none is told on stderr, whatever characters it has.
pub fn arguments_refused(mut error: clap::Error) -> ExitCode {
    let arguments: Vec<String> =
        std::env::args_os().map(|argument| argument.to_string_lossy().into_owned()).collect();
    use_colors(color_asked_for(&arguments));
    if !error.use_stderr() {
        let text = error.render();
        match console::colors_enabled() {
            true => print(text.ansi().to_string().trim_end()),
            false => print(text.to_string().trim_end()),
        }
        return finish(Ok(ExitCode::Done), false);
    }
    let values: Vec<(ContextKind, ContextValue)> =
        error.context().map(|(kind, value)| (kind, value.clone())).collect();
    for (kind, value) in values {
        match value {
            ContextValue::String(text) => drop(error.insert(kind, ContextValue::String(printable(&text)))),
            ContextValue::Strings(texts) => {
                let texts = texts.iter().map(|text| printable(text)).collect();
                drop(error.insert(kind, ContextValue::Strings(texts)));
            }
            _ => {}
        }
    }
    let text = printable_lines(error.render().to_string().trim_end());
    let words = text.strip_prefix("error: ").unwrap_or(&text);
    write_line(&format!("{} {words}", console::style("error:").for_stderr().red().bold()));
    let wants_json = arguments.iter().any(|argument| argument == "--json");
    if wants_json {
        let (message, more) = words.split_once("\n\n").unwrap_or((words, ""));
        let line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        print_failure(ExitCode::Usage, &line(message), Some(&line(more)));
    }
    finish(Ok(ExitCode::Usage), false)
}

fn color_asked_for(arguments: &[String]) -> Color {
    let value = arguments.iter().enumerate().find_map(|(index, argument)| match argument.as_str() {
        "--color" => arguments.get(index + 1).map(String::as_str),
        other => other.strip_prefix("--color="),
    });
    match value {
        Some("always") => Color::Always,
        Some("never") => Color::Never,
        _ => Color::Auto,
    }
}

/// Runs the program. A bug ends it with 1 and says where it is; what a panic has to say may hold a secret or a name from
/// the data, so only words that stand in the program's text are repeated.
pub fn catch_panics(run: impl FnOnce() -> ExitCode + std::panic::UnwindSafe) -> ExitCode {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map_or_else(String::new, |place| format!(" at {place}"));
        let words = panic.payload().downcast_ref::<&'static str>();
        let words = words.map_or_else(String::new, |words| format!(": {words}"));
        let hint = "this is a bug of aiviews, please report it with this line";
        report(ExitCode::Failed, &format!("internal error{place}{words}"), Some(hint));
    }));
    std::panic::catch_unwind(run).unwrap_or(ExitCode::Failed)
}
