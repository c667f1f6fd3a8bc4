//! The chatbot's door when something goes wrong: clients that go away, a log that cannot be written, a server that dies,
//! input that is none, and a server's own user as the last wall.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use aiviews::db::Db;
use serde_json::{Value, json};

use crate::child::{Place, Serve, TOKEN};
use crate::door::over_http;
use crate::mcp::{self, Session};
use crate::support::{execute, rows};
use crate::wire::two_users;

const ENDLESS: &str = "SELECT sum(cityHash64(a, b)) FROM (SELECT arrayJoin(range(1000000)) AS a) AS x \
                       CROSS JOIN (SELECT arrayJoin(range(1000000)) AS b) AS y";

/// Waits until a statement answers this.
async fn until(db: &Db, text: &str, expected: &str) {
    let started = Instant::now();
    loop {
        let found = rows(db, text).await;
        if found == [[expected]] {
            return;
        }
        assert!(started.elapsed() < Duration::from_secs(60), "{text}: {found:?} instead of {expected}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Waits until so many of the endless statements run.
async fn until_running(db: &Db, expected: &str) {
    let text = "SELECT count() FROM system.processes WHERE query LIKE '%cityHash64(a, b)%' AND query NOT LIKE '%processes%'";
    until(db, text, expected).await;
}

struct Http {
    port: String,
    token: String,
}

impl Http {
    /// Sends a request and leaves the answer to be read.
    fn begin(&self, headers: &str, body: &str) -> TcpStream {
        let Http { port, token } = self;
        let mut stream = TcpStream::connect(format!("127.0.0.1:{port}")).expect("connected");
        let head = format!(
            "POST /mcp HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\
             Content-Type: application/json\r\nAccept: application/json, text/event-stream\r\n\
             Content-Length: {}\r\n{headers}\r\n",
            body.len()
        );
        // Who is refused early may have been cut off before all was sent.
        let _ = stream.write_all((head + body).as_bytes());
        stream
    }

    fn send(&self, headers: &str, body: &str) -> String {
        read(self.begin(headers, body))
    }
}

fn read(mut stream: TcpStream) -> String {
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

fn call(id: u64, tool: &str, arguments: &Value, meta: &Value) -> String {
    let params = json!({"name": tool, "arguments": arguments, "_meta": meta});
    json!({"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params}).to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_drops_or_cancels_over_http_leaves_no_statement_running() {
    let (seeded, accounts) = mcp::place();
    let place = seeded.copy();
    let serve = place.serve();
    let db = serve.db().await;
    let (_server, port, token) = over_http(&place, &accounts[0]);
    let http = Http { port, token };
    let endless = call(7, "sql", &json!({"statement": ENDLESS}), &json!({"user.id": "ada"}));
    // The connection is gone in the middle of a call.
    let stream = http.begin("", &endless);
    until_running(&db, "1").await;
    drop(stream);
    until_running(&db, "0").await;
    // The first answer names the conversation, and a notification cancels by it.
    let begun = json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"protocolVersion": "2025-06-18",
        "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}});
    let hello = http.send("", &begun.to_string());
    let conversation = hello.lines().find_map(|line| line.strip_prefix("mcp-session-id: ")).expect("an id");
    let header = format!("Mcp-Session-Id: {conversation}\r\n");
    let get = json!({"name": "weekly_review", "arguments": {"account": accounts[0]}});
    let prompt = json!({"jsonrpc": "2.0", "id": 2, "method": "prompts/get", "params": get}).to_string();
    assert!(http.send(&header, &prompt).starts_with("HTTP/1.1 200 "));
    let stream = http.begin(&header, &endless);
    until_running(&db, "1").await;
    let cancel = |id: u64| {
        let params = json!({"requestId": id});
        json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": params}).to_string()
    };
    for (headers, id) in [("", 7), (header.as_str(), 8)] {
        http.send(headers, &cancel(id));
    }
    until_running(&db, "1").await;
    http.send(&header, &cancel(7));
    until_running(&db, "0").await;
    read(stream);
    // Both stand in the log, ended before their time, with the ids of their statements.
    until(&db, "SELECT count() FROM ai_chat_log WHERE error LIKE 'stopped%' AND duration_ms < 29000", "2")
        .await;
    let logged = format!(
        "SELECT countIf(user_id = 'ada' AND NOT empty(query_ids)), \
         countIf(gen_ai_conversation_id = '{conversation}' AND prompt = 'weekly_review@1') FROM ai_chat_log \
         WHERE kind = 'call'"
    );
    assert_eq!(rows(&db, logged).await, [["2", "1"]]);

    // What is no request of the protocol is refused, and the next one is answered.
    let large = call(1, "sql", &json!({"statement": "x".repeat(300_000)}), &json!({}));
    assert!(http.send("", &large).starts_with("HTTP/1.1 413 "));
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    for body in
        ["", "{", "[]", "\u{0}", "{\"jsonrpc\": \"2.0\"}", "{\"id\": 1, \"method\": 3}", deep.as_str()]
    {
        let answer = http.send("", body);
        let is_refused = answer.starts_with("HTTP/1.1 4") && !answer.contains("panicked");
        assert!(is_refused, "{}: {answer}", &body[..body.len().min(30)]);
    }
    let mut half = http.begin("", "{");
    half.write_all(b"half of a request").expect("sent");
    drop(half);
    assert!(http.send("", &call(1, "accounts", &json!({}), &json!({}))).contains(&accounts[0]));
}

/// Collects what a process says on stderr.
fn listen(session: &mut Session) -> std::sync::mpsc::Receiver<String> {
    let stderr = session.child.stderr.take().expect("stderr");
    let (sender, lines) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(stderr).lines().map_while(Result::ok) {
            let _ = sender.send(line);
        }
    });
    lines
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_cannot_be_written_and_a_server_that_dies_are_survived() {
    let (seeded, accounts) = mcp::place();
    let place = seeded.copy();
    let serve = place.serve();
    let db = serve.db().await;
    let mut session = Session::start(&place, &["--klaviyo-id", &accounts[0]]);
    let said = listen(&mut session);
    execute(&db, "RENAME TABLE ai_chat_log TO ai_chat_log_away").await;
    session.ok("sql", json!({"statement": "SELECT 1 AS n"}));
    let cannot = "the chat log cannot be written, answers go on";
    let mut heard = Vec::new();
    while !heard.iter().any(|line: &String| line.contains(cannot)) {
        heard.push(said.recv_timeout(Duration::from_secs(60)).expect("it is said"));
    }
    for _ in 0..3 {
        session.ok("describe", json!({}));
    }
    execute(&db, "RENAME TABLE ai_chat_log_away TO ai_chat_log").await;
    until(&db, "SELECT count() FROM ai_chat_log WHERE kind = 'call'", "4").await;

    heard.extend(said.try_iter());
    assert_eq!(heard.iter().filter(|line| line.contains(cannot)).count(), 1, "said once: {heard:#?}");

    wrong_input(&mut session);

    // The server dies: a plain error, soon, and answers again once it is back.
    let port = serve.url.rsplit(':').next().expect("a port").to_owned();
    drop(serve);
    let statement = json!({"statement": "SELECT count() AS n FROM flow_ai_summary"});
    let error = session.error("sql", statement.clone());
    assert!(error.contains("could not be reached"), "{error}");
    let serve = place.serve_on(&port);
    assert!(session.ok("sql", statement).contains("1 row"));
    session.ok("ask", json!({"question": "channels_compared"}));
    let db = serve.db().await;
    until(&db, "SELECT countIf(error LIKE '%could not be reached%') FROM ai_chat_log", "1").await;
    session.end();
}

/// Values of a wrong type for each argument of each tool, arguments that are too large, and lines that are no message.
fn wrong_input(session: &mut Session) {
    let tools = session.request("tools/list", json!({}));
    for tool in tools["result"]["tools"].as_array().expect("tools") {
        let name = tool["name"].as_str().expect("a name");
        for (argument, schema) in tool["inputSchema"]["properties"].as_object().expect("properties") {
            let wrong = match schema["type"].as_str() {
                Some("object") => json!("text"),
                _ => json!({"odd": [1]}),
            };
            let mut arguments = json!({argument: wrong});
            for required in tool["inputSchema"]["required"].as_array().into_iter().flatten() {
                let required = required.as_str().expect("a name");
                arguments[required] =
                    if required == argument { arguments[required].clone() } else { json!("x") };
            }
            let error = session.error(name, arguments);
            assert!(error.contains("the arguments do not fit"), "{name}.{argument}: {error}");
        }
    }
    let long = "x".repeat(1_000_000);
    for (tool, arguments) in [
        ("sql", json!({"statement": long})),
        ("ask", json!({"question": long})),
        ("ask", json!({"question": "channels_compared", "accounts": [long]})),
        ("ask", json!({"question": "channels_compared", "parameters": {&long: 1}})),
        ("context", json!({"account": long})),
        ("describe", json!({"about": long})),
        ("remember", json!({"note": long})),
        ("save", json!({"name": "a", "question": long, "statement": "SELECT 1"})),
    ] {
        let error = session.error(tool, arguments);
        assert!(error.chars().count() < 3_000, "{tool}: an error of {} characters", error.len());
    }
    session.send_line("no message");
    session.send_line("");
    session.send_line(&"[".repeat(100_000));
    session.send_line(
        "{\"jsonrpc\": \"2.0\", \"id\": 5, \"method\": \"tools/call\", \"params\": {\"name\": 5}}",
    );
    session.ok("describe", json!({}));
}

/// A `serve` whose engine has one user with these grants and row policies.
fn serve_with_users(place: &Place, grants: &str, roles: &str, policies: &str) -> Serve {
    let folder = place.path("data/aiviews.config.d");
    std::fs::create_dir_all(&folder).expect("a folder");
    let file = place.path("data/users.xml");
    let pointer = format!("<clickhouse><users_config>{}</users_config></clickhouse>", file.display());
    std::fs::write(folder.join("users.xml"), pointer).expect("written");
    let text = format!(
        "<clickhouse><profiles><default/></profiles><quotas><default/></quotas><roles>{roles}</roles><users><default>\
         <password></password><profile>default</profile><quota>default</quota><networks><ip>::/0</ip></networks>\
         <grants><query>GRANT CREATE DATABASE ON *.*</query>{grants}</grants>\
         <databases><aiviews>{policies}</aiviews></databases></default></users></clickhouse>"
    );
    std::fs::write(file, text).expect("written");
    place.serve()
}

fn port(serve: &Serve) -> u16 {
    serve.url.rsplit(':').next().and_then(|port| port.parse().ok()).expect("a port")
}

/// The fourth wall: what chatbots wrote runs as a user of the server who may only read, and sees what that one sees,
/// whatever the scope says. The rest of the door goes on as its own user.
#[tokio::test(flavor = "multi_thread")]
async fn statements_of_chatbots_run_as_a_user_of_their_own() {
    let (seeded, accounts) = mcp::place();
    let [mine, other, ..] = &accounts[..] else { panic!("{accounts:?}") };
    let (door, chatbot) = (seeded.copy(), seeded.copy());
    let reads: String = aiviews::sql::READABLE
        .iter()
        .filter(|object| **object != "ai_flow_weekly")
        .map(|object| format!("<query>GRANT SELECT ON aiviews.{object}</query>"))
        .collect();
    let policies: String = aiviews::schema::tables_to_read()
        .map(|table| format!("<{table}><filter>klaviyo_public_id = '{mine}'</filter></{table}>"))
        .collect();
    let (first, second) = (door.serve(), serve_with_users(&chatbot, &reads, "", &policies));
    let url = two_users(port(&first), "chatbot", port(&second)).await;
    let place = Place::new()
        .with("CLICKHOUSE_URL", &url)
        .with("CLICKHOUSE_DATABASE", "aiviews")
        .with("CLICKHOUSE_PASSWORD", TOKEN);
    let all = ["--all-accounts"];
    // Without it that is told.
    let mut session = Session::start(&place, &all);
    let said = listen(&mut session);
    let statement = json!({"statement": "SELECT DISTINCT klaviyo_public_id FROM flow_ai_summary"});
    assert!(session.ok("sql", statement.clone()).contains(other.as_str()));
    session.end();
    assert!(said.iter().any(|line| line.contains("CLICKHOUSE_CHATBOT_USER")));

    let place = place.with("CLICKHOUSE_CHATBOT_USER", "chatbot").with("CLICKHOUSE_CHATBOT_PASSWORD", TOKEN);
    let mut session = Session::start(&place, &all);
    let said = listen(&mut session);
    let seen = session.ok("sql", statement);
    assert!(seen.contains(mine.as_str()) && !seen.contains(other.as_str()), "{seen}");
    let error = session.error("sql", json!({"statement": "SELECT count() AS n FROM ai_flow_weekly"}));
    assert!(error.contains("may not do this"), "{error}");
    assert!(session.ok("accounts", json!({})).contains(other.as_str()));
    session.ok("remember", json!({"account": other, "note": "moved"}));
    session.end();
    assert!(!said.iter().any(|line| line.contains("CLICKHOUSE_CHATBOT_USER")));
    let db = first.db().await;
    until(&db, "SELECT count() FROM ai_chat_log WHERE gen_ai_tool_name = 'sql'", "3").await;
    assert_eq!(
        rows(&second.db().await, "SELECT uniqExact(klaviyo_public_id) FROM flow_ai_summary").await,
        [["1"]]
    );

    // Half a user is nobody, and the embedded engine has none.
    let wrong: [(&[(&str, &str)], &str); 3] = [
        (&[("CLICKHOUSE_URL", &url), ("CLICKHOUSE_CHATBOT_PASSWORD", "x")], "but no user"),
        (&[("CLICKHOUSE_CHATBOT_USER", "chatbot")], "CLICKHOUSE_URL is not"),
        (
            &[
                ("CLICKHOUSE_URL", "http://a.example"),
                ("CLICKHOUSE_CHATBOT_USER", "c"),
                ("CLICKHOUSE_CHATBOT_PASSWORD", "x"),
            ],
            "in the clear",
        ),
    ];
    for (settings, said) in wrong {
        let place = settings.iter().fold(seeded.copy(), |place, (name, value)| place.with(name, value));
        let ended = place.run(&["mcp", "--all-accounts"]).expect(2);
        assert!(ended.stderr.contains(said), "{}", ended.stderr);
    }
}

/// In the embedded engine they run with a reader's role: what that may not read, they may not.
#[tokio::test(flavor = "multi_thread")]
async fn statements_of_chatbots_run_as_a_reader_in_the_embedded_engine() {
    let (seeded, accounts) = mcp::place();
    let place = seeded.copy();
    let owner =
        "<owner><grants><query>GRANT SELECT, INSERT, SHOW, KILL QUERY ON *.*</query></grants></owner>";
    let reader = "<reader><grants><query>GRANT SELECT ON aiviews.flow_ai_summary</query></grants></reader>";
    let grants = "<query>GRANT owner</query><query>GRANT reader</query>";
    let serve = serve_with_users(&place, grants, &format!("{owner}{reader}"), "");
    let mut session = Session::start(&place, &["--klaviyo-id", &accounts[0]]);
    session.ok("ask", json!({"question": "top_campaigns"}));
    session.ok("sql", json!({"statement": "SELECT count() AS n FROM flow_ai_summary"}));
    let error = session.error("sql", json!({"statement": "SELECT count() AS n FROM campaign_ai_summary"}));
    assert!(error.contains("may not do this"), "{error}");
    session.end();
    drop(serve);
}
