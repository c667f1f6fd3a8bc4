//! The real binary in processes of its own: in a folder that nothing else uses, embedded or against its own `serve`.

use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use aiviews::db::Db;
use aiviews::db::retry::RetryPolicy;
use clickhouse::Client;
use rustix::process::{Pid, Signal, kill_process};

use crate::support::own_folder;

/// The token of every `serve` that tests start.
pub const TOKEN: &str = "token-of-the-fault-tests";

/// A place for one test: data folder, state folder, nothing inherited that could lead elsewhere.
pub struct Place {
    folder: tempfile::TempDir,
    settings: Vec<(String, String)>,
}

impl Place {
    pub fn new() -> Place {
        Place { folder: tempfile::tempdir().expect("a folder"), settings: Vec::new() }
    }

    /// One that lasts as long as this test process, and is removed by the next.
    pub fn lasting() -> Place {
        let parent = own_folder().join("places");
        std::fs::create_dir_all(&parent).expect("a folder");
        Place { folder: tempfile::tempdir_in(parent).expect("a folder"), settings: Vec::new() }
    }

    /// The lock file of the only target that this place has run against.
    pub fn lock_file(&self) -> PathBuf {
        let files = std::fs::read_dir(self.path("state/aiviews")).expect("a folder");
        files.flatten().map(|entry| entry.path()).next().expect("a lock file")
    }

    /// Another place with the same data, which no process may have open.
    pub fn copy(&self) -> Place {
        let copy = Place { folder: tempfile::tempdir().expect("a folder"), settings: self.settings.clone() };
        let copied = Command::new("cp").arg("-a").arg(self.path("data")).arg(copy.path("data")).status();
        assert!(copied.expect("cp starts").success());
        copy
    }

    /// The same for every process started here.
    pub fn with(mut self, name: &str, value: &str) -> Place {
        self.settings.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_aiviews"));
        for (name, _) in std::env::vars_os() {
            let name = name.to_string_lossy().into_owned();
            if name.starts_with("CLICKHOUSE_")
                || name.starts_with("AIVIEWS_") && !name.starts_with("AIVIEWS_LIBCHDB")
            {
                command.env_remove(name);
            }
        }
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env("AIVIEWS_DATA_DIR", self.path("data"))
            .env("XDG_STATE_HOME", self.path("state"))
            .envs(self.settings.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs to the end.
    pub fn run(&self, arguments: &[&str]) -> Ended {
        Ended::new(self.command(arguments).output().expect("aiviews starts"))
    }

    /// Runs to the end with a fault armed.
    pub fn run_with_fault(&self, fault: &str, arguments: &[&str]) -> Ended {
        Ended::new(self.command(arguments).env("AIVIEWS_FAULT", fault).output().expect("aiviews starts"))
    }

    /// Runs until a line on stderr contains this text.
    pub fn start_until(&self, fault: &str, arguments: &[&str], text: &str) -> Running {
        let command = self.command(arguments).env("AIVIEWS_FAULT", fault).spawn();
        Running::until(command.expect("aiviews starts"), text)
    }

    pub fn serve(&self) -> Serve {
        self.serve_on("0")
    }

    pub fn serve_on(&self, port: &str) -> Serve {
        self.serve_with(&["--port", port])
    }

    pub fn serve_with(&self, arguments: &[&str]) -> Serve {
        let mut child = self
            .command(&[&["serve"], arguments].concat())
            .env("AIVIEWS_TOKEN", TOKEN)
            .spawn()
            .expect("aiviews starts");
        let mut reader = BufReader::new(child.stderr.take().expect("stderr"));
        let mut said = String::new();
        while !said.contains("http://") {
            assert!(reader.read_line(&mut said).expect("text") > 0, "serve ended: {said}");
        }
        let url = said.split(" at ").nth(1).expect("an address").trim().to_owned();
        Serve { child, url, _stderr: reader }
    }
}

/// A process that came to its end.
#[derive(Debug)]
pub struct Ended {
    /// None where a signal ended it.
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Ended {
    fn new(output: Output) -> Ended {
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Ended { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    #[track_caller]
    pub fn expect(self, code: i32) -> Ended {
        assert_eq!(self.code, Some(code), "{}\n{}", self.stdout, self.stderr);
        assert!(!self.stderr.contains("panicked"), "{}", self.stderr);
        self
    }
}

/// A process on its way, stopped at a pause or left to run.
pub struct Running {
    child: Child,
    seen: String,
    stderr: BufReader<std::process::ChildStderr>,
}

impl Running {
    pub fn new(mut child: Child) -> Running {
        let stderr = BufReader::new(child.stderr.take().expect("stderr"));
        Running { child, seen: String::new(), stderr }
    }

    pub fn until(mut child: Child, text: &str) -> Running {
        let mut stderr = BufReader::new(child.stderr.take().expect("stderr"));
        let mut seen = String::new();
        loop {
            let mut line = String::new();
            assert!(stderr.read_line(&mut line).expect("text") > 0, "ended before `{text}`:\n{seen}");
            seen.push_str(&line);
            if line.contains(text) {
                return Running { child, seen, stderr };
            }
        }
    }

    pub fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(self.child.id() as i32).expect("a process id");
        let _ = kill_process(pid, signal);
    }

    /// Waits for the end, at most so long.
    pub fn end_within(mut self, limit: Duration) -> Ended {
        let started = Instant::now();
        while self.child.try_wait().expect("a state").is_none() {
            if started.elapsed() > limit {
                self.signal(Signal::KILL);
                let _ = self.stderr.read_to_string(&mut self.seen);
                panic!("still running after {limit:?}:\n{}", self.seen);
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        self.end()
    }

    pub fn end(mut self) -> Ended {
        let _ = self.stderr.read_to_string(&mut self.seen);
        let mut ended = Ended::new(self.child.wait_with_output().expect("an end"));
        ended.stderr = self.seen;
        ended
    }
}

/// A `serve` that is killed when dropped, as hard as a crash.
pub struct Serve {
    child: Child,
    pub url: String,
    _stderr: BufReader<std::process::ChildStderr>,
}

impl Serve {
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Asks it to end; the exit code.
    pub fn end_by(mut self, signal: Signal, limit: Duration) -> Option<i32> {
        let _ = kill_process(Pid::from_raw(self.child.id() as i32).expect("a process id"), signal);
        let started = Instant::now();
        loop {
            match self.child.try_wait().expect("a state") {
                Some(status) => return status.code(),
                None => assert!(started.elapsed() < limit, "serve does not end"),
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    pub async fn db(&self) -> Db {
        let client = Client::default().with_url(&self.url).with_user("default").with_password(TOKEN);
        let client = client.with_database("aiviews");
        let mut db = Db::new(client, "serve", "test", RetryPolicy::default());
        db.probe().await.expect("serve answers");
        db
    }
}

impl Serve {
    /// Ends it by this signal, and starts it again at the same address.
    pub fn restart(self, place: &Place, signal: Signal) -> Serve {
        let port = self.url.rsplit(':').next().expect("a port").to_owned();
        let pid = Pid::from_raw(self.child.id() as i32).expect("a process id");
        kill_process(pid, signal).expect("it runs");
        let mut serve = self;
        serve.child.wait().expect("an end");
        place.serve_on(&port)
    }
}

impl Drop for Serve {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
