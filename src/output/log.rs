//! The log and the progress bar on stderr, which share the terminal's last lines.

use std::io::{IsTerminal, Write};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressState, ProgressStyle};
use tracing::Span;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

use super::text::{inert_json, printable_lines, wrapped_at};
use super::{LogFormat, Talk};

/// The target of the events that tell of each table of each account: a person wants them with `-v`, a machine always.
pub const EACH_TABLE: &str = "aiviews::each_table";

/// Whether every line on stderr is a JSON object.
static TALKS_JSON: AtomicBool = AtomicBool::new(false);

/// The bars of this process. Lines are written above them.
static BARS: LazyLock<MultiProgress> = LazyLock::new(MultiProgress::new);

/// Sets up logging on stderr: the run's steps by default, each table and account with `-v` (in JSON by default),
/// statements with `-vv`, only errors with `-q`.
pub(super) fn start(talk: &Talk) {
    let is_json = talk.log_format == LogFormat::Json;
    TALKS_JSON.store(is_json, Ordering::Relaxed);
    let (level, each_table) = match (talk.quiet, talk.verbose) {
        (true, _) => ("error", "error"),
        (_, 0) if is_json => ("info", "info"),
        (_, 0) => ("info", "warn"),
        (_, 1) => ("debug", "debug"),
        (_, _) => ("trace", "trace"),
    };
    let filter = EnvFilter::new(format!("warn,aiviews={level},{EACH_TABLE}={each_table}"));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(Lines)
        // Colour is added to a line once nothing in it can be a command any more.
        .with_ansi(false)
        // A line that cannot be written would be complained about on the same closed stderr, with a panic.
        .log_internal_errors(false);
    // A second call (tests in one process) keeps the first subscriber.
    let _ = match talk.log_format {
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

/// Writes a line to stderr that no log level hides; nobody has to read it.
pub fn tell(line: &str) {
    let line = super::printable(line);
    match talks_json() {
        true => write_line(&serde_json::json!({"level": "INFO", "message": line}).to_string()),
        false => write_line(&line),
    }
}

/// Writes lines above a bar that may be there, for a terminal broken between words.
pub(super) fn write_line(line: &str) {
    let wrapped = super::width_of_stderr().filter(|_| !talks_json()).map(|width| wrapped_at(line, width));
    let line = wrapped.as_deref().unwrap_or(line);
    BARS.suspend(|| drop(writeln!(std::io::stderr().lock(), "{line}")));
}

/// Takes the log's lines, one per call.
struct Lines;

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Lines;

    fn make_writer(&'a self) -> Lines {
        Lines
    }
}

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let text = String::from_utf8_lossy(bytes);
        let text = text.trim_end_matches('\n');
        match talks_json() {
            true => write_line(&inert_json(text)),
            false => write_line(&colored(&printable_lines(text))),
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A log line, its level in colour if stderr has colours.
fn colored(line: &str) -> String {
    let styled = |level: &str, rest: &str| {
        let level = console::style(level.to_owned()).for_stderr();
        let level = match level.to_string().trim() {
            "ERROR" => level.red().bold(),
            "WARN" => level.yellow(),
            "INFO" => level.green(),
            _ => level.dim(),
        };
        format!("{level}{rest}")
    };
    match line.char_indices().skip_while(|(_, letter)| *letter == ' ').find(|(_, letter)| *letter == ' ') {
        Some((end, _)) => styled(&line[..end], &line[end..]),
        None => line.to_owned(),
    }
}

/// How often a bar is drawn anew though nothing has moved: its clock shows that the work goes on.
const TICK: Duration = Duration::from_millis(250);

/// A progress bar with ETA on a terminal, nothing elsewhere.
pub fn progress_bar(length: u64, what: &str) -> ProgressBar {
    if !std::io::stderr().is_terminal() || talks_json() {
        return ProgressBar::hidden();
    }
    let bar = BARS.add(ProgressBar::new(length));
    let style = ProgressStyle::with_template("{msg} {wide_bar} {percent:>3} % {left:>10}");
    let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
    bar.set_style(style.with_key("left", |state: &ProgressState, line: &mut dyn std::fmt::Write| {
        let _ = line.write_str(&left(state.fraction(), state.elapsed()));
    }));
    bar.set_message(what.to_owned());
    bar.enable_steady_tick(TICK);
    bar
}

/// What is left, from what there was; before there was anything, how long it has taken.
fn left(fraction: f32, elapsed: Duration) -> String {
    let told = |duration: Duration| match duration.as_secs() {
        seconds @ ..100 => format!("{seconds} s"),
        seconds @ ..6000 => format!("{} min", seconds.div_ceil(60)),
        seconds => format!("{} h", seconds.div_ceil(3600)),
    };
    if fraction < 0.02 {
        return told(elapsed);
    }
    let left = elapsed.mul_f32((1.0 / fraction - 1.0).max(0.0));
    format!("{} left", told(left.max(Duration::from_secs(1))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_follows_from_what_there_was() {
        let told = |fraction, seconds| left(fraction, Duration::from_secs(seconds));
        assert_eq!(told(0.0, 7), "7 s");
        assert_eq!(told(0.25, 20), "60 s left");
        assert_eq!(told(0.5, 600), "10 min left");
        assert_eq!(told(1.0, 600), "1 s left");
    }
}
