//! The served interface, seen by the clients people use: curl, clickhouse-connect and @clickhouse/client.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;

use aiviews::engine::Entry;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::support::engine;

const TOKEN: &str = "a token with spaces, ' and ü";

/// The engine of this process on a port of its own, until dropped.
struct Served {
    port: u16,
    _stop: oneshot::Sender<()>,
    _runtime: tokio::runtime::Runtime,
}

impl Served {
    fn start() -> Self {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let (stop, stopped) = oneshot::channel::<()>();
        let engine = engine();
        runtime.spawn(async move {
            engine
                .serve(listener, Entry { token: TOKEN.to_owned(), ..Entry::default() }, || {}, async {
                    _ = stopped.await
                })
                .await
        });
        Self { port, _stop: stop, _runtime: runtime }
    }

    /// Runs curl with the token and returns status and body.
    fn curl(&self, path: &str, arguments: &[&str]) -> (u16, String) {
        let key = format!("X-ClickHouse-Key: {TOKEN}");
        self.curl_as_stranger(path, &[&["-H", &key], arguments].concat())
    }

    fn curl_as_stranger(&self, path: &str, arguments: &[&str]) -> (u16, String) {
        let mut command = Command::new("curl");
        command.args(["-sS", "--max-time", "60", "-w", "\n%{http_code}"]).args(arguments);
        let output =
            command.arg(format!("http://127.0.0.1:{}{path}", self.port)).output().expect("curl is installed");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let (body, status) = text.rsplit_once('\n').expect("a status");
        let body = body.to_owned() + &String::from_utf8_lossy(&output.stderr);
        (status.parse().expect("a number"), body)
    }

    /// Runs a client's script to its end.
    fn script(&self, program: &Path, script: &str) {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients").join(script);
        let output = Command::new(program)
            .arg(script)
            .env("AIVIEWS_TEST_PORT", self.port.to_string())
            .env("AIVIEWS_TEST_TOKEN", TOKEN)
            .env("AIVIEWS_TEST_CLIENTS", clients())
            .output()
            .expect("the client starts");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (said, complaint) = (text(&output.stdout), text(&output.stderr));
        assert!(output.status.success() && said.ends_with("done\n"), "{said}\n{complaint}");
    }
}

/// The folder with the third-party clients, which are installed if need be.
pub fn clients() -> &'static Path {
    static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/install-test-clients");
        let output = Command::new(script).stderr(Stdio::inherit()).output().expect("the script starts");
        assert!(output.status.success(), "scripts/install-test-clients fails: see above");
        PathBuf::from(String::from_utf8(output.stdout).expect("a path").trim_end())
    });
    &FOLDER
}

#[test]
fn python_clickhouse_connect_works() {
    Served::start().script(&clients().join("python"), "connect.py");
}

#[test]
fn node_clickhouse_client_works() {
    Served::start().script(Path::new("node"), "node.mjs");
}

#[test]
fn curl_reads_and_writes() {
    let served = Served::start();
    assert_eq!(served.curl("/", &["-d", "SELECT 1 + 1"]), (200, "2\n".into()));
    assert_eq!(served.curl("/?query=SELECT%203", &[]), (200, "3\n".into()));
    assert_eq!(served.curl("/?query=SELECT", &["-d", "4"]), (200, "4\n".into()));
    let hexadecimal = ["-d", "SELECT hex({a:String})"];
    assert_eq!(served.curl("/?param_a=x%5Ct'", &hexadecimal), (200, "780927\n".into()));
    assert_eq!(served.curl("/", &["-F", "query=SELECT {a:UInt8}", "-F", "param_a=5"]), (200, "5\n".into()));
    assert_eq!(
        served.curl("/?default_format=CSVWithNames", &["-d", "SELECT 1 AS a"]),
        (200, "\"a\"\n1\n".into())
    );
    served.curl("/", &["-d", "CREATE DATABASE curl"]);
    served.curl("/?database=curl", &["-d", "CREATE TABLE t (a UInt32) ENGINE = MergeTree ORDER BY a"]);
    let insert = "/?database=curl&query=INSERT%20INTO%20t%20FORMAT%20TSV";
    assert_eq!(served.curl(insert, &["--data-binary", "1\n2\n"]), (200, String::new()));
    assert_eq!(served.curl("/?database=curl", &["--data-binary", "INSERT INTO t FORMAT TSV\n3\n4"]).0, 200);
    assert_eq!(served.curl("/?database=curl", &["-d", "SELECT sum(a) FROM t"]), (200, "10\n".into()));
}

#[test]
fn curl_sees_errors() {
    let served = Served::start();
    let (status, body) = served.curl("/", &["-i", "-d", "SELECT * FROM nowhere"]);
    assert!(status == 404 && body.contains("x-clickhouse-exception-code: 60"), "{body}");
    assert!(
        body.contains("Code: 60. DB::Exception:") && body.trim_end().ends_with("(official build))"),
        "{body}"
    );
    let (status, body) = served.curl("/?query=CREATE%20DATABASE%20by_get", &[]);
    assert!(status == 500 && body.contains("Code: 164."), "{status} {body}");
    let (status, body) = served.curl("/", &["-d", ""]);
    assert!(status == 400 && body.contains("Empty query"), "{status} {body}");
    let (status, body) = served.curl("/?decompress=1", &["-d", "SELECT 1"]);
    assert!(status == 501 && body.contains("Code: 48."), "{status} {body}");
    let (status, body) = served.curl("/", &["-H", "Content-Encoding: br", "-d", "SELECT 1"]);
    assert!(status == 500 && body.contains("Code: 89."), "{status} {body}");
    let (status, body) = served.curl("/", &["-H", "Content-Encoding: gzip", "-d", "SELECT 1"]);
    assert!(status == 500 && body.contains("Code: 33."), "{status} {body}");
    assert_eq!(served.curl("/nowhere", &[]).0, 404);
    assert_eq!(served.curl("/", &["-X", "DELETE"]).0, 405);
}

/// A result that breaks off must not look complete to a reader that knows nothing of exceptions.
#[test]
fn curl_notices_a_late_exception() {
    let served = Served::start();
    let sql =
        "SELECT number, throwIf(number = 900000, 'too late') FROM numbers(1000000) SETTINGS max_threads = 1";
    let (status, body) = served.curl("/", &["-d", sql]);
    let end = &body[body.len() - 700..];
    assert!(status == 200 && end.contains("__exception__") && end.contains("too late"), "{end}");
    assert!(end.contains("curl: (18)"), "{end}");
}

#[test]
fn headers_tell_about_the_result() {
    let served = Served::start();
    let (_, body) = served.curl("/?query_id=my-id", &["-i", "-d", "SELECT 1 FORMAT JSONEachRow"]);
    for part in [
        "x-clickhouse-query-id: my-id",
        "x-clickhouse-format: JSONEachRow",
        "x-clickhouse-timezone: ",
        "x-clickhouse-summary: {",
        "content-type: application/x-ndjson",
    ] {
        assert!(body.contains(part), "`{part}` is not in {body}");
    }
}

#[test]
fn only_the_token_opens_the_port() {
    let served = Served::start();
    let select = ["-d", "SELECT 1"];
    assert_eq!(served.curl_as_stranger("/ping", &[]), (200, "Ok.\n".into()));
    for arguments in [
        &select[..],
        &["-d", "SELECT 1", "-H", "X-ClickHouse-Key: wrong"],
        &["-d", "SELECT 1", "-u", "default:wrong"],
        &["-d", "SELECT 1", "-u", &format!("admin:{TOKEN}")],
    ] {
        let (status, body) = served.curl_as_stranger("/", arguments);
        assert!(status == 403 && body.contains("Code: 516."), "{arguments:?}: {status} {body}");
        assert!(!body.contains(TOKEN), "{body}");
    }
    assert_eq!(served.curl_as_stranger("/?password=wrong", &select).0, 403);
    assert_eq!(served.curl_as_stranger("/", &["-d", "SELECT 1", "-u", &format!("default:{TOKEN}")]).0, 200);
    let escaped = "/?user=default&password=a%20token%20with%20spaces,%20'%20and%20%C3%BC";
    assert_eq!(served.curl_as_stranger(escaped, &select).0, 200);
}

#[test]
fn other_host_names_are_refused() {
    let served = Served::start();
    for host in
        ["evil.example", "127.0.0.1.evil.example", "localhost.evil:8123", "", "127.0.0.2", "127.0.0.1:x"]
    {
        let (status, body) = served.curl("/", &["-d", "SELECT 1", "-H", &format!("Host: {host}")]);
        assert!(status == 403 || (host.is_empty() && status == 400), "`{host}`: {status} {body}");
    }
    for host in ["localhost", "LOCALHOST:1234", "127.0.0.1:80", "[::1]:8123"] {
        assert_eq!(served.curl("/", &["-d", "SELECT 1", "-H", &format!("Host: {host}")]).0, 200, "{host}");
    }
}

/// The server in a process of its own, on a data folder.
pub struct Server {
    process: Child,
    lines: BufReader<std::process::ChildStderr>,
}

impl Server {
    pub fn start(folder: &Path) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_aiviews"));
        command.args(["serve", "--port", "0", "--data-dir"]).arg(folder).env_remove("AIVIEWS_TOKEN");
        let mut process = command.stderr(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("a process");
        let lines = BufReader::new(process.stderr.take().expect("a pipe"));
        Self { process, lines }
    }

    /// The rest of the line that begins with this.
    pub fn line(&mut self, start: &str) -> String {
        let mut line = String::new();
        while self.lines.read_line(&mut line).expect("a line") > 0 {
            if let Some((_, rest)) = line.trim_end().split_once(start) {
                return rest.to_owned();
            }
            line.clear();
        }
        panic!("the server ended without `{start}`")
    }

    /// Sends a signal and waits for the exit code.
    pub fn stop(mut self, signal: &str) -> Option<i32> {
        let kill =
            Command::new("kill").args([signal, &self.process.id().to_string()]).status().expect("kill");
        assert!(kill.success());
        self.process.wait().expect("an end").code()
    }
}

#[test]
fn a_server_is_found_through_its_folder_and_stops_on_a_signal() {
    for (signal, expected) in [("-TERM", 143), ("-INT", 130)] {
        let folder = tempfile::tempdir().expect("a folder");
        let mut server = Server::start(folder.path());
        let url = server.line(" at ");
        let token = server.line("token: ");
        assert_eq!(token.len(), 64, "{token}");
        let lock = std::fs::read_to_string(folder.path().join("aiviews.lock")).expect("a lock file");
        let lock: serde_json::Value = serde_json::from_str(&lock).expect("JSON");
        assert_eq!(lock["url"], url.as_str());
        assert_eq!(lock["token"], token.as_str());
        assert_eq!(lock["pid"], server.process.id());
        let client = clickhouse::Client::default().with_url(&url).with_password(&token);
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        let one = runtime.block_on(client.query("SELECT 1").fetch_one::<u8>()).expect("a result");
        assert_eq!(one, 1);
        let slow = client.query("SELECT count() FROM numbers(1000000000000) WHERE sipHash64(number) = 1");
        runtime.spawn(slow.fetch_one::<u64>());
        std::thread::sleep(std::time::Duration::from_millis(300));
        assert_eq!(server.stop(signal), Some(expected));
        let lock = std::fs::read_to_string(folder.path().join("aiviews.lock")).expect("a lock file");
        assert!(!lock.contains(&token), "{lock}");
    }
}
