//! The program in a terminal: a pseudo-terminal is its input, its output and its error stream.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::process::Command;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use crate::program::Program;

/// Runs the command in a terminal of so many columns and returns its exit code and all that came onto the screen.
pub fn run(mut command: Command, columns: u16) -> (Option<i32>, String) {
    let terminal =
        openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).expect("a terminal");
    grantpt(&terminal).expect("granted");
    unlockpt(&terminal).expect("unlocked");
    let size = Winsize { ws_row: 50, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
    tcsetwinsize(&terminal, size).expect("a size");
    let name = ptsname(&terminal, Vec::new()).expect("a name").into_string().expect("text");
    let stream = || File::options().read(true).write(true).open(&name).expect("the terminal's other end");
    command.stdin(stream()).stdout(stream()).stderr(stream());
    let mut child = command.spawn().expect("aiviews starts");
    // It holds the other end too: only without it the screen ends with the program.
    drop(command);
    let screen = read(File::from(terminal));
    (child.wait().expect("an end").code(), screen)
}

/// A terminal whose other end is closed gives an error instead of an end.
fn read(mut terminal: File) -> String {
    let (mut screen, mut piece) = (Vec::new(), [0; 4096]);
    loop {
        match terminal.read(&mut piece) {
            Ok(0) => break,
            Ok(length) => screen.extend_from_slice(&piece[..length]),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => break,
        }
    }
    String::from_utf8_lossy(&screen).into_owned()
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
