//! The chatbot's door as official clients see it: the Python client, the inspector and the conformance suite.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::child::Place;
use crate::clients::clients;
use crate::mcp;

/// Scenarios of the conformance suite that are for every server on stdin and stdout.
const OVER_STDIO: [&str; 5] = ["server-initialize", "ping", "tools-list", "resources-list", "prompts-list"];

/// A process that ends with the test.
pub struct Ending(pub Child);

impl Drop for Ending {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The door over HTTP for one account: its process, its port, the token.
pub fn over_http(place: &Place, account: &str) -> (Ending, String, String) {
    let make = readme_line("aiviews mcp --make-token ").replace(README_ACCOUNT, account);
    let made = place.run(&make.split_whitespace().skip(1).collect::<Vec<_>>()).expect(0).stdout;
    let after =
        |title: &str| made.lines().find_map(|line| line.strip_prefix(title)).expect("told").to_owned();
    std::fs::write(place.path("tokens.txt"), after("line for the file of tokens: ")).expect("written");
    // As the README has it, on any port.
    let served = readme_line("aiviews mcp --http ").replace("8124", "0");
    let arguments: Vec<&str> = served.split_whitespace().skip(1).collect();
    let mut child = Ending(place.command(&arguments).spawn().expect("started"));
    let line = line_with(child.0.stderr.take().expect("stderr"), "http://");
    let port =
        line.rsplit_once("/mcp").and_then(|(url, _)| url.rsplit_once(':')).expect("a port").1.to_owned();
    (child, port, after("token: "))
}

const README: &str = include_str!("../../README.md");
/// The account of its examples.
const README_ACCOUNT: &str = "XqkVGb";

/// The line of the README that begins so, without its comment.
fn readme_line(beginning: &str) -> String {
    let line = README.lines().find(|line| line.starts_with(beginning)).expect(beginning);
    line.split(" # ").next().unwrap_or_default().trim().to_owned()
}

/// What Claude Desktop starts by the README's configuration, and Claude Code by its line: the same, about this account.
fn started_by_claude(account: &str) -> Vec<String> {
    let from = README.find("{\"mcpServers\"").expect("a configuration");
    let mut values = serde_json::Deserializer::from_str(&README[from..]).into_iter::<Value>();
    let configuration = values.next().expect("a value").expect("JSON");
    let server = &configuration["mcpServers"]["klaviyo"];
    let arguments = server["args"].as_array().expect("arguments").iter();
    let words: Vec<&str> =
        std::iter::once(&server["command"]).chain(arguments).filter_map(Value::as_str).collect();
    let line = readme_line("claude mcp add klaviyo -- ");
    assert_eq!(line.split_once(" -- ").expect("a command").1, words.join(" "));
    words.iter().map(|word| word.replace(README_ACCOUNT, account)).collect()
}

fn line_with(stream: impl std::io::Read, text: &str) -> String {
    let mut lines = BufReader::new(stream).lines();
    lines.find_map(|line| line.ok().filter(|line| line.contains(text))).expect("it starts")
}

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients").join(name)
}

/// A program of the suite's or the inspector's, with the Node that they need.
fn node(program: &str) -> Command {
    let mut command = Command::new(clients().join("node_modules/node/bin/node"));
    command.arg(clients().join("node_modules/.bin").join(program)).stdin(Stdio::null());
    command
}

fn said(command: &mut Command) -> String {
    let output = command.output().expect("the client starts");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{command:?}: {said}\n{}", String::from_utf8_lossy(&output.stderr));
    said
}

/// What a client starts, with all that it needs as arguments: it passes no variables on.
fn started_by_clients(place: &Place, account: &str) -> Vec<String> {
    let data_dir = place.path("data").to_string_lossy().into_owned();
    let program = env!("CARGO_BIN_EXE_aiviews");
    let mut words = started_by_claude(account);
    assert_eq!(std::mem::replace(&mut words[0], program.to_owned()), "aiviews");
    words.extend(["-q", "--data-dir", &data_dir].map(str::to_owned));
    words
        .extend(std::env::var("AIVIEWS_LIBCHDB").into_iter().flat_map(|path| ["--libchdb".to_owned(), path]));
    words
}

#[test]
fn official_clients_and_the_conformance_suite_are_content() {
    let (seeded, accounts) = mcp::place();
    let account = accounts[0].as_str();
    // A data folder belongs to one process: each transport has its own.
    let (stdio, http) = (seeded.copy(), seeded.copy());
    let words = started_by_clients(&stdio, account);
    let (_server, port, token) = over_http(&http, account);
    let url = format!("http://127.0.0.1:{port}/mcp");

    let mut python = Command::new(clients().join("python"));
    python.arg(script("door.py")).env("AIVIEWS_TEST_ACCOUNT", account);
    python.env("AIVIEWS_TEST_COMMAND", words.join("\n"));
    python.env("AIVIEWS_TEST_TOKEN", &token).env("AIVIEWS_TEST_URL", &url);
    assert!(said(&mut python).ends_with("done\n"));

    let header = format!("Authorization: Bearer {token}");
    for method in [&["tools/list"][..], &["tools/call", "--tool-name", "accounts"]] {
        let mut over_http = node("mcp-inspector");
        over_http.args(["--cli", &url, "--transport", "http", "--header", &header, "--method"]).args(method);
        let mut over_stdio = node("mcp-inspector");
        over_stdio.args(["--cli", "--method"]).args(method).arg("--").args(&words);
        let answers = [&mut over_http, &mut over_stdio].map(|command| {
            let said = said(command);
            serde_json::from_str::<Value>(&said).unwrap_or_else(|error| panic!("{error}: {said}"))
        });
        assert_eq!(answers[0], answers[1], "both transports answer alike");
        assert!(answers[0].to_string().contains(if method.len() == 1 { "feedback" } else { account }));
    }

    // The whole suite over HTTP: what it asks of its own sample server is in the baseline.
    let remote = readme_line("claude mcp add --transport http klaviyo ");
    assert!(
        remote.contains("http://127.0.0.1:8124/mcp --header \"Authorization: Bearer TOKEN\""),
        "{remote}"
    );
    let summary = suite_over_http(&port, &token, &["--expected-failures", &path_of("conformance.yml")]);
    assert!(summary.contains("Total: 8 passed, 24 failed"), "{summary}");

    // And what is for every server over stdin and stdout.
    let bridged = seeded.copy();
    let mut bridge = Command::new("node");
    bridge
        .arg(script("over_stdio.mjs"))
        .env("AIVIEWS_TEST_COMMAND", started_by_clients(&bridged, account).join("\n"));
    let mut bridge =
        Ending(bridge.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("node starts"));
    let open_port = line_with(bridge.0.stdout.take().expect("stdout"), "");
    for scenario in OVER_STDIO {
        let url = format!("http://localhost:{open_port}/mcp");
        let said = said(node("conformance").args(["server", "--url", &url, "--scenario", scenario]));
        assert!(said.contains("0 failed, 0 warnings"), "{scenario}: {said}");
    }
}

fn path_of(name: &str) -> String {
    script(name).to_string_lossy().into_owned()
}

/// Runs the conformance suite against a port that wants this token.
pub fn suite_over_http(port: &str, token: &str, arguments: &[&str]) -> String {
    let mut forwarder = Command::new("node");
    forwarder.arg(script("with_token.mjs")).env("AIVIEWS_TEST_PORT", port).env("AIVIEWS_TEST_TOKEN", token);
    let mut forwarder = Ending(forwarder.stdout(Stdio::piped()).spawn().expect("node starts"));
    let open_port = line_with(forwarder.0.stdout.take().expect("stdout"), "");
    let url = format!("http://localhost:{open_port}/mcp");
    let mut suite = node("conformance");
    said(suite.args(["server", "--url", &url, "--suite", "all"]).args(arguments))
}
