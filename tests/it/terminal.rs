//! The program in a terminal: a pseudo-terminal is its input, its output and its error stream.

use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::num::NonZero;
use std::process::{Child, Command};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use crate::program::{Program, isolate};

/// Starts the command in a terminal of so many columns and returns it with the terminal's end of the line.
fn start(mut command: Command, columns: u16) -> (Child, File) {
    let terminal =
        openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).expect("a terminal");
    grantpt(&terminal).expect("granted");
    unlockpt(&terminal).expect("unlocked");
    let size = Winsize { ws_row: 50, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
    tcsetwinsize(&terminal, size).expect("a size");
    let name = ptsname(&terminal, Vec::new()).expect("a name").into_string().expect("text");
    let stream = || File::options().read(true).write(true).open(&name).expect("the terminal's other end");
    command.stdin(stream()).stdout(stream()).stderr(stream()).env("TERM", "xterm-256color");
    // The command holds the other end too: only without it the screen ends with the program.
    (command.spawn().expect("aiviews starts"), File::from(terminal))
}

/// Runs the command in a terminal of so many columns and returns its exit code and all that came onto the screen.
pub fn run(command: Command, columns: u16) -> (Option<i32>, String) {
    let (mut child, mut terminal) = start(command, columns);
    let screen = read_until(&mut terminal, None);
    (child.wait().expect("an end").code(), screen)
}

/// Reads to the end, or until this text is there. A terminal whose other end is closed gives an error instead of an end.
fn read_until(terminal: &mut File, text: Option<&str>) -> String {
    let (mut screen, mut piece) = (Vec::new(), [0; 4096]);
    loop {
        match terminal.read(&mut piece) {
            Ok(0) => break,
            Ok(length) => screen.extend_from_slice(&piece[..length]),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => break,
        }
        if text.is_some_and(|text| String::from_utf8_lossy(&screen).contains(text)) {
            break;
        }
    }
    String::from_utf8_lossy(&screen).into_owned()
}

/// What a person sees at the end, on a screen that is high enough: no row goes on in the next, and no bar is left.
fn seen(bytes: &str, columns: u16) -> String {
    let size = |number| NonZero::new(number).expect("a size");
    let mut terminal = vt100::Parser::new(size(400), size(columns), 0);
    terminal.process(bytes.as_bytes());
    let screen = terminal.screen();
    let text = screen.contents();
    let wrapped: Vec<u16> = (0..400).filter(|row| screen.row_wrapped(*row)).collect();
    assert!(wrapped.is_empty(), "rows {wrapped:?} of {columns} columns are wrapped:\n{text}");
    assert!(!text.contains(['█', '░']), "a bar is left:\n{text}");
    text
}

/// Whether something on the screen has a colour.
fn has_colors(bytes: &str) -> bool {
    ["\u{1b}[31m", "\u{1b}[32m", "\u{1b}[33m", "\u{1b}[36m", "\u{1b}[1m"]
        .iter()
        .any(|code| bytes.contains(code))
}

#[test]
fn every_verb_fits_the_screen() {
    let program = Program::new();
    let verbs: [(&[&str], i32, &str); 16] = [
        (&["status"], 2, "error: there is no folder"),
        (&["seed", "--accounts", "2", "--days", "30"], 0, "2 accounts seeded"),
        (&["migrate"], 0, ""),
        (&["populate", "--batch-accounts", "1"], 0, "published 2 accounts"),
        (&["populate", "-k", "XqkVGb", "--days", "3"], 0, "published 1 account,"),
        (&["verify"], 0, "as expected"),
        (&["status"], 0, "PUBLISHED"),
        (&["status", "-k", "XqkVGb"], 0, "published"),
        (&["accounts"], 0, "XqkVGb"),
        (&["query"], 0, "flows_by_revenue"),
        (&["query", "campaigns_this_week", "--all-accounts"], 0, "ACCOUNT"),
        (&["query", "flows_by_revenue", "-k", "XqkVGb"], 0, "FLOW"),
        (&["query", "nosuch", "-k", "XqkVGb"], 2, "hint: there are:"),
        (&["populate", "--days", "0"], 2, "error: invalid value '0'"),
        (&["forget", "-k", "XqkVGb", "--yes"], 0, "removed from 7 tables"),
        (&["completions", "bash"], 0, "flows_by_revenue"),
    ];
    for columns in [80, 120, 200] {
        for (verb, code, expected) in &verbs {
            if verb[0] == "status" && verb.len() == 1 && *code == 2 && columns > 80 {
                continue;
            }
            let mut command = program.command(verb);
            if columns != 120 {
                command.env_remove("NO_COLOR");
            }
            let (ended, bytes) = run(command, columns);
            assert_eq!(ended, Some(*code), "{verb:?} at {columns}:\n{bytes}");
            assert!(!bytes.contains("<Debug>") && !bytes.contains("<Trace>"), "{verb:?}:\n{bytes}");
            if verb[0] == "completions" {
                continue;
            }
            let text = seen(&bytes, columns).replace('\n', " ");
            assert!(text.contains(expected), "{verb:?} at {columns}: no `{expected}`:\n{text}");
            assert!(!text.contains("1 accounts"), "{text}");
            // Bars stand where there is room, and only beside numbers that can be compared.
            let is_drawn = *code == 0 && (*verb == ["status"] || verb.get(1) == Some(&"flows_by_revenue"));
            assert!(!text.contains('━') || is_drawn && columns > 80, "{verb:?} at {columns}:\n{text}");
            assert!(text.contains('━') || !is_drawn || columns < 200, "{verb:?} at {columns}:\n{text}");
            if columns == 120 {
                assert!(!has_colors(&bytes), "{verb:?} has colours with NO_COLOR: {bytes:?}");
            } else if *code != 0 || verb[0] == "query" {
                assert!(has_colors(&bytes), "{verb:?} has no colours: {bytes:?}");
            }
        }
    }
}

#[test]
fn the_demo_is_a_pleasure_to_watch() {
    let program = Program::new();
    let mut command = Command::new("bash");
    isolate(&mut command, program.folder.path());
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    command.arg(root.join("scripts/demo")).env("AIVIEWS_PROGRAM", env!("CARGO_BIN_EXE_aiviews"));
    let (code, bytes) = run(command, 120);
    assert_eq!(code, Some(0), "{bytes}");
    let text = seen(&bytes, 120);
    let (_, next) = text.split_once("What to type next").expect("the reader is told how to go on");
    assert!(next.contains(env!("CARGO_BIN_EXE_aiviews")) && next.contains("no server"), "{next}");
    assert!(text.lines().count() < 250, "{text}");
}

/// The terminal itself makes a signal of the key.
#[test]
fn ctrl_c_ends_a_run_with_130() {
    let program = Program::new();
    program.ok(&["seed", "--accounts", "1", "--days", "3", "--quiet"]);
    program.ok(&["migrate", "--quiet"]);
    let populate = program.command(&["populate", "--days", "3"]);
    let mut command = Command::new("setsid");
    command.args(["--ctty", "--wait"]).arg(populate.get_program()).args(populate.get_args());
    isolate(&mut command, program.folder.path());
    command.env("AIVIEWS_FAULT", "swap:1=pause-before");
    let (mut child, mut terminal) = start(command, 80);
    read_until(&mut terminal, Some("pausing at step"));
    terminal.write_all(b"\x03").expect("a key");
    let rest = read_until(&mut terminal, None);
    assert_eq!(child.wait().expect("an end").code(), Some(130), "{rest}");
}

/// The embedded engine has a log of its own, which it writes to a terminal unless it is told not to.
#[test]
fn nothing_but_the_answer_appears() {
    let program = Program::new();
    program.ok(&["seed", "--accounts", "1", "--days", "3", "--quiet"]);
    for verb in [
        &["migrate", "--quiet"][..],
        &["populate", "--days", "3", "--quiet"],
        &["verify", "--quiet"],
        &["status", "--quiet"],
        &["query", "segments", "--klaviyo-id", "XqkVGb", "--quiet"],
        &["context", "--klaviyo-id", "XqkVGb", "--quiet"],
    ] {
        let (code, screen) = run(program.command(verb), 120);
        assert_eq!(code, Some(0), "{verb:?}: {screen}");
        let traces =
            ["<Debug>", "<Trace>", "<Information>", "<Warning>", "Context", "executeQuery", "MergeTree"];
        assert!(!traces.iter().any(|trace| screen.contains(trace)), "{verb:?}: {screen}");
        assert!(screen.lines().count() < 60, "{verb:?}: {screen}");
    }
}
