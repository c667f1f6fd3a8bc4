//! Runs the program itself, as cron and engineers do.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// The program with a data folder of its own and none of the surrounding configuration.
pub struct Program {
    pub folder: TempDir,
}

/// What a run left behind.
pub struct Run {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Program {
    pub fn new() -> Program {
        Program { folder: tempfile::tempdir().expect("a folder") }
    }

    /// The program, ready to be run on the embedded engine.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_aiviews"));
        isolate(&mut command, self.folder.path());
        command.args(arguments).stdin(Stdio::null());
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Run {
        Run::of(self.command(arguments).output().expect("aiviews runs"))
    }

    /// Runs and expects success.
    pub fn ok(&self, arguments: &[&str]) -> String {
        let run = self.run(arguments);
        assert_eq!(run.code, 0, "{arguments:?}\n{}\n{}", run.stdout, run.stderr);
        run.stdout
    }

    /// Runs with `--json` and expects success.
    pub fn json(&self, arguments: &[&str]) -> Value {
        let text = self.ok(&[arguments, &["--json"]].concat());
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{arguments:?}: {error}\n{text}"))
    }
}

impl Program {
    /// Serves the folder: later runs attach instead of opening the engine, and may be many at once. It ends with the
    /// child's stdin, at the latest with this process.
    pub fn serve(&self) -> Child {
        let script = r#""$0" serve --port 0 & read -r; kill -KILL "$!"; wait"#;
        let mut command = Command::new("bash");
        isolate(&mut command, self.folder.path());
        command.args(["-c", script, env!("CARGO_BIN_EXE_aiviews")]);
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut serve = command.spawn().expect("bash starts");
        let mut stderr = BufReader::new(serve.stderr.take().expect("stderr"));
        let mut said = String::new();
        while !said.contains(" at http://") {
            assert!(stderr.read_line(&mut said).expect("text") > 0, "serve ended: {said}");
        }
        serve
    }
}

impl Run {
    pub fn of(output: Output) -> Run {
        Run {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

/// Points a command at a data folder, and takes away what the environment of the test run says.
pub fn isolate(command: &mut Command, folder: &Path) {
    for name in ["URL", "USER", "PASSWORD", "PASSWORD_FILE", "DATABASE"] {
        command.env_remove(format!("CLICKHOUSE_{name}"));
    }
    command
        .env_remove("AIVIEWS_TOKEN")
        .env("AIVIEWS_DATA_DIR", folder.join("data"))
        .env("XDG_STATE_HOME", folder.join("state"))
        .env("NO_COLOR", "1")
        .current_dir(folder);
}
