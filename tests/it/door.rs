//! The chatbot's door as official clients see it: the Python client, the inspector and the conformance suite.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::child::Place;
use crate::clients::clients;
use crate::mcp;

/// Scenarios of the conformance suite for every server. The others call tools and prompts of the suite's own sample server.
const SCENARIOS: [&str; 6] =
    ["server-initialize", "ping", "tools-list", "resources-list", "prompts-list", "dns-rebinding-protection"];

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
    let made = place.run(&["mcp", "--make-token", "agency", "-k", account]).expect(0).stdout;
    let after =
        |title: &str| made.lines().find_map(|line| line.strip_prefix(title)).expect("told").to_owned();
    std::fs::write(place.path("tokens"), after("line for the file of tokens: ")).expect("written");
    let arguments = ["mcp", "--http", "127.0.0.1:0", "--tokens", "tokens"];
    let mut child = Ending(place.command(&arguments).spawn().expect("started"));
    let line = line_with(child.0.stderr.take().expect("stderr"), "http://");
    let port =
        line.rsplit_once("/mcp").and_then(|(url, _)| url.rsplit_once(':')).expect("a port").1.to_owned();
    (child, port, after("token: "))
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
    let mut words =
        [program, "mcp", "-q", "-k", account, "--data-dir", &data_dir].map(str::to_owned).to_vec();
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

    let mut forwarder = Command::new("node");
    forwarder.arg(script("with_token.mjs")).env("AIVIEWS_TEST_PORT", &port).env("AIVIEWS_TEST_TOKEN", &token);
    let mut forwarder = Ending(forwarder.stdout(Stdio::piped()).spawn().expect("node starts"));
    let open_port = line_with(forwarder.0.stdout.take().expect("stdout"), "");
    for scenario in SCENARIOS {
        let url = format!("http://localhost:{open_port}/mcp");
        let said = said(node("conformance").args(["server", "--url", &url, "--scenario", scenario]));
        assert!(said.contains("0 failed, 0 warnings"), "{scenario}: {said}");
    }
}
