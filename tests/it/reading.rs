//! Lesser tokens of `serve`: they read the summary tables and views, of their accounts alone, and nothing else.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

use aiviews::account::AccountId;
use aiviews::engine::{Entry, Reading};
use aiviews::mcp::guard::Scope;
use aiviews::mcp::token;
use futures_util::FutureExt;

use crate::attacks::{ATTACKS, Prey};
use crate::child::{Place, Serve, TOKEN};
use crate::guard::{CANARY, CANARY_NUMBER, attacks, fill_agency};
use crate::support;

const READ: &str = "SELECT klaviyo_public_id, count() FROM campaign_ai_summary GROUP BY ALL ORDER BY ALL";

/// An answer as it came: head and body.
fn exchange(url: &str, request: &str) -> String {
    let mut stream = TcpStream::connect(url.trim_start_matches("http://")).expect("it listens");
    stream.write_all(request.as_bytes()).expect("sent");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("an answer");
    String::from_utf8_lossy(&answer).into_owned()
}

/// A request: its method, what follows in the URL, headers a line each, a body.
fn request(url: &str, token: &str, method: &str, parameters: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    exchange(
        url,
        &format!(
            "{method} /?{parameters} HTTP/1.1\r\nHost: localhost\r\nX-ClickHouse-Key: {token}\r\nConnection: close\r\n\
             Content-Length: {length}\r\n{headers}\r\n{body}"
        ),
    )
}

fn body(answer: &str) -> String {
    answer.split_once("\r\n\r\n").expect("a head").1.to_owned()
}

fn post(serve: &Serve, token: &str, statement: &str) -> String {
    body(&request(&serve.url, token, "POST", "", "", statement))
}

fn get(serve: &Serve, token: &str, statement: &str) -> String {
    let parameters =
        url::form_urlencoded::Serializer::new(String::new()).append_pair("query", statement).finish();
    body(&request(&serve.url, token, "GET", &parameters, "", ""))
}

/// A `serve` with two accounts and the canary, the file of its tokens, a token for `mine` and one for all.
struct Agency {
    place: Place,
    serve: Serve,
    mine: String,
    all: String,
    lines: [String; 2],
}

impl Agency {
    async fn open() -> Agency {
        let place = Place::new();
        let scope = Scope::Accounts(vec![AccountId::new("mine").expect("an id")]);
        let (mine, line) = token::make("mine", &scope).expect("a token");
        let (all, line_of_all) = token::make("all", &Scope::All).expect("a token");
        std::fs::write(place.path("tokens"), format!("{line}\n{line_of_all}\n")).expect("written");
        let serve = place.serve_with(&["--port", "0", "--tokens", "tokens"]);
        place.run(&["migrate", "-q"]).expect(0);
        fill_agency(&serve.db().await).await;
        Agency { place, serve, mine, all, lines: [line, line_of_all] }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lesser_token_reads_its_accounts_and_nothing_else() {
    let agency = Agency::open().await;
    let Agency { place, serve, mine, all, lines } = &agency;
    // What it is for.
    let rows = post(serve, mine, &format!("{READ} FORMAT CSV;"));
    assert_eq!((rows.lines().count(), rows.starts_with("\"mine\",")), (1, true), "{rows}");
    assert_eq!(get(serve, mine, &format!("{READ} FORMAT CSV")), rows);
    let everybody = post(serve, all, READ);
    assert_eq!(everybody.lines().count(), 3, "{everybody}");
    assert!(everybody.contains(CANARY) && !post(serve, TOKEN, "SELECT * FROM customers").is_empty());
    // The answer does not say how much was read.
    let json = request(&serve.url, mine, "POST", "default_format=JSON", "", READ);
    assert!(json.contains("\"read_rows\":\"0\"") && !json.contains("rows_read"), "{json}");
    assert!(json.contains("\"rows\": 1"), "{json}");
    // Statements of everybody who tries.
    let prey = Prey::new();
    for (index, attack) in attacks("aiviews").iter().enumerate() {
        let token = if index % 2 == 0 { mine } else { &mine.clone() };
        let said =
            if index % 2 == 0 { post(serve, token, &attack.text) } else { get(serve, token, &attack.text) };
        let shown: String = attack.text.chars().take(200).collect();
        assert!(!said.contains(CANARY) && !said.contains(CANARY_NUMBER), "{shown}: {said}");
        // The clause for the format is served, and taken off before the guard looks.
        let is_format = attack.text.to_ascii_uppercase().contains(" FORMAT ");
        assert!(attack.wall == "shadow" || is_format || said.starts_with("Code: "), "{shown}: {said}");
    }
    for (_, attack) in ATTACKS {
        let statement = prey.aim(attack);
        for said in [post(serve, all, &statement), get(serve, all, &statement)] {
            let is_refused = ["Code: 497. DB::Exception: refused: ", "Code: 62.", "Code: 48."]
                .iter()
                .any(|begin| said.starts_with(begin));
            assert!(is_refused, "`{statement}`: {said}");
            prey.assert_untouched(&statement, &said);
        }
    }
    // The folder's own files are within reach of the process, and one of them holds the owner's token.
    let lock = format!("SELECT file('{}')", place.path("data/aiviews.lock").display());
    assert!(post(serve, TOKEN, &lock).contains(TOKEN), "{}", post(serve, TOKEN, &lock));
    assert!(post(serve, all, &lock).starts_with("Code: 497. DB::Exception: refused: "));
    let file = std::fs::read_to_string(place.path("data/aiviews.lock")).expect("a lock file");
    assert!(!file.contains(mine.as_str()) && !file.contains(all.as_str()));
    refuses_all_but_a_statement(serve, mine);
    refuses_external_tables(serve);
    // A token ends with its line, in a process that can reach no file but its folder's.
    std::fs::write(place.path("tokens"), &lines[1]).expect("written");
    assert!(post(serve, mine, READ).starts_with("Code: 516."), "{}", post(serve, mine, READ));
    assert_eq!(post(serve, all, READ), everybody);
    std::fs::write(place.path("tokens"), lines.join("\n")).expect("written");
    assert!(post(serve, mine, READ).starts_with("mine\t"));
    let of_user = |user: &str| body(&request(&serve.url, mine, "POST", &format!("user={user}"), "", READ));
    assert!(of_user("mine").starts_with("mine\t") && of_user("all").starts_with("Code: 516."));
}

/// A client's `external_data`: in words, also to whom everything is allowed.
fn refuses_external_tables(serve: &Serve) {
    let form = "Content-Type: multipart/form-data; boundary=b\r\n";
    let part = "--b\r\nContent-Disposition: form-data; name=\"ids\"; filename=\"ids\"\r\n\r\n1\r\n--b--\r\n";
    let statement = "query=SELECT+*+FROM+ids&ids_structure=id+UInt8";
    let said = body(&request(&serve.url, TOKEN, "POST", statement, form, part));
    assert!(said.starts_with("Code: 48.") && said.contains("external table \"ids\" is not served"), "{said}");
}

/// Whatever a request may carry beside a statement.
fn refuses_all_but_a_statement(serve: &Serve, token: &str) {
    let form = "Content-Type: multipart/form-data; boundary=b\r\n";
    let fields = "--b\r\nContent-Disposition: form-data; name=\"query\"\r\n\r\nSELECT 1\r\n--b--\r\n";
    let cases = [
        ("max_result_rows=1", "", READ, 497),
        ("additional_table_filters=%7B%7D", "", READ, 497),
        ("session_id=a", "", READ, 497),
        ("session_timeout=1", "", READ, 497),
        ("param_accounts=%5B%27other%27%5D", "", READ, 497),
        ("role=owner", "", READ, 497),
        ("compress=1", "", READ, 497),
        ("decompress=1", "", READ, 497),
        ("database=system", "", READ, 497),
        ("", "X-ClickHouse-Database: system\r\n", READ, 497),
        ("", "Content-Encoding: identity\r\n", READ, 48),
        ("", form, fields, 48),
        ("query=SELECT+1", "", READ, 36),
        ("default_format=Template", "", READ, 48),
        ("", "X-ClickHouse-Format: Protobuf\r\n", READ, 48),
        ("", "", "SELECT 1 FORMAT Avro", 48),
        ("", "", "", 62),
        ("", "", "INSERT INTO campaign_ai_summary (klaviyo_public_id) VALUES ('mine')", 497),
        ("", "", "CREATE TEMPORARY TABLE a (x UInt8)", 497),
        ("", "", "SET readonly = 0", 497),
    ];
    for (parameters, headers, statement, code) in cases {
        let said = body(&request(&serve.url, token, "POST", parameters, headers, statement));
        let what = format!("{parameters} {headers} {statement}: {said}");
        assert!(said.starts_with(&format!("Code: {code}. ")), "{what}");
    }
    // What clients send by themselves does no harm.
    let usual =
        "wait_end_of_query=1&query_id=a&database=aiviews&send_progress_in_http_headers=1&default_format=TSV";
    assert!(body(&request(&serve.url, token, "POST", usual, "", READ)).starts_with("mine\t"));
    let said = body(&request(&serve.url, token, "POST", "", "", &"x".repeat(70_000)));
    assert!(said.starts_with("Code: 36. ") && said.contains("cannot read the statement"), "{said}");
}

/// Where the guard lets everything pass, a reader has no rights but a reader's, changes nothing, and reads no words of
/// the engine.
#[tokio::test(flavor = "multi_thread")]
async fn a_reader_whom_nothing_guards_may_still_only_read() {
    let db = support::database("unguarded_reader").await;
    support::execute(&db, "CREATE TABLE customers (name String) ENGINE = MergeTree ORDER BY name").await;
    support::execute(&db, "INSERT INTO customers VALUES ('CANARY')").await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let database = db.database().to_owned();
    let parameters = format!("database={database}&wait_end_of_query=1");
    let reader: aiviews::engine::Reader = Arc::new(move |sql| {
        let (database, parameters, settings) = (database.clone(), Vec::new(), Vec::new());
        let words = |code: u32, _: &str| format!("error {code} in other words");
        std::future::ready(Ok(Reading { database, sql, parameters, settings, words })).boxed()
    });
    let readers: aiviews::engine::Readers = Arc::new(move |_, token| {
        let reader = (token == "reader").then(|| reader.clone());
        std::future::ready(reader).boxed()
    });
    let entry = Entry { token: TOKEN.to_owned(), readers: Some(readers), origin: None };
    let (engine, (_stop, stopped)) = (support::engine(), tokio::sync::oneshot::channel::<()>());
    let serving = async move { engine.serve(listener, entry, || {}, async { _ = stopped.await }).await };
    let serving = tokio::spawn(serving);
    let statements = [
        (TOKEN, "SELECT name FROM customers", "CANARY"),
        ("reader", "SELECT 1", "1"),
        // The role.
        ("reader", "SELECT name FROM customers", "error 497 in other words"),
        ("reader", "SELECT count() FROM system.tables WHERE name = 'customers'", "0"),
        // The class of the statement.
        ("reader", "SET max_threads = 1", "error 164 in other words"),
        ("reader", "INSERT INTO customers VALUES ('x')", "error 164 in other words"),
        ("reader", "KILL QUERY WHERE 0", "error 164 in other words"),
        // The words.
        ("reader", "SELECT throwIf(1, 'CANARY')", "error 395 in other words"),
        (
            "reader",
            "SELECT throwIf(number = 900000, 'CANARY') FROM numbers(1000000)",
            "error 395 in other words",
        ),
    ];
    tokio::task::spawn_blocking(move || {
        for (token, statement, expected) in statements {
            let said = body(&request(&url, token, "POST", &parameters, "", statement));
            let said = said.trim().rsplit_once("DB::Exception: ").map_or(said.trim(), |(_, words)| words);
            let said = said.split(" (version").next().unwrap_or_default();
            assert_eq!(said, expected, "{token}: {statement}");
        }
    })
    .await
    .expect("no panic");
    serving.abort();
    support::drop_database(&db).await;
}

#[test]
fn a_web_page_may_ask_only_where_it_is_allowed() {
    let origin = "https://app.example.com";
    let from = |origin: &str| format!("Origin: {origin}\r\nAccess-Control-Request-Method: POST\r\n");
    let place = Place::new();
    let serve = place.serve();
    for method in ["OPTIONS", "POST", "GET"] {
        let said =
            request(&serve.url, TOKEN, method, "query=SELECT+1", &from(origin), "").to_ascii_lowercase();
        assert!(!said.contains("access-control"), "{said}");
        assert_eq!(said.starts_with("http/1.1 405 "), method == "OPTIONS", "{said}");
    }
    drop(serve);
    let serve = place.serve_with(&["--port", "0", "--allow-origin", origin]);
    let allowed = format!("access-control-allow-origin: {origin}\r\n");
    // A browser asks without the token.
    let private = from(origin) + "Access-Control-Request-Private-Network: true\r\n";
    let said = request(&serve.url, "", "OPTIONS", "query=SELECT+1", &private, "").to_ascii_lowercase();
    assert!(said.starts_with("http/1.1 204 ") && said.contains(&allowed), "{said}");
    for part in ["methods: get, head, post", "authorization", "x-clickhouse-key", "private-network: true"] {
        assert!(said.contains(part), "{part}: {said}");
    }
    for (token, status) in [(TOKEN, "200"), ("guess", "403")] {
        let said =
            request(&serve.url, token, "POST", "query=SELECT+1", &from(origin), "").to_ascii_lowercase();
        assert!(said.starts_with(&format!("http/1.1 {status} ")) && said.contains(&allowed), "{said}");
        assert!(said.contains("vary: origin"), "{said}");
    }
    for other in
        ["https://evil.example.com", "null", "https://app.example.com.evil.org", "http://app.example.com"]
    {
        for method in ["OPTIONS", "POST"] {
            let said =
                request(&serve.url, TOKEN, method, "query=SELECT+1", &from(other), "").to_ascii_lowercase();
            assert!(!said.contains("access-control"), "{other}: {said}");
        }
    }
    for wrong in
        ["*", "app.example.com", "https://app.example.com/", "https://app.example.com/x", "file:///x", "null"]
    {
        place.run(&["serve", "--port", "0", "--allow-origin", wrong]).expect(2);
    }
}
